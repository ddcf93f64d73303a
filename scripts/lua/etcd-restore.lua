--- Brings an etcd cluster back from a snapshot: all members at once, from one file.
-- The snapshot is checked before anything is stopped; the old data stays beside the new.

local params = runbook {
  summary = "Restore an etcd cluster from its newest snapshot",
  params  = {
    target        = { type = "string", default = "etcd_prod", help = "the cluster, as the site names it" },
    source        = { type = "string", default = "backups", help = "where its snapshots are" },
    before        = { type = "time", optional = true, help = "the newest snapshot not after this time" },
    ref           = { type = "string", optional = true, help = "this snapshot, instead of the newest" },
    bump_revision = { type = "integer", optional = true, help = "raise the revision by this, so that old watches end" },
    prefix        = { type = "string", optional = true, help = "keys that must be there afterwards" },
    at_least      = { type = "integer", default = 1, help = "how many of them" },
  },
}

local backups, etcd = source(params.source), target(params.target)

local function wanted_snapshot()
  if params.ref then return backups:stat { ref = params.ref } end
  return backups:latest { kind = "etcd-snapshot", before = params.before }
end

local snapshot = wanted_snapshot()

step("Restore " .. etcd.name, function()
  etcd:restore { from = snapshot, bump_revision = params.bump_revision }
end)

if params.prefix then
  step("Look for keys", function()
    etcd:expect_keys { prefix = params.prefix, at_least = params.at_least }
  end)
end
