--- Keeps a snapshot of etcd that lies on this machine in another source, with what is known of it.
-- It is checked page by page before it counts as a backup; its name must be free.

local params = runbook {
  summary = "Keep the newest local snapshot of an etcd cluster in a bucket",
  params  = {
    target = { type = "string", default = "etcd_prod", help = "the cluster, as the site names it" },
    source = { type = "string", default = "snapshots", help = "where `etcdctl snapshot save` leaves them" },
    store  = { type = "string", default = "backups", help = "where they are kept" },
    ref    = { type = "string", optional = true, help = "this snapshot, instead of the newest" },
    name   = { type = "string", optional = true, help = "what it is called there; as here when left out" },
  },
}

local here, etcd, store = source(params.source), target(params.target), instance(params.store)

local function wanted_snapshot()
  if params.ref then return here:stat { ref = params.ref } end
  return here:latest { kind = "etcd-snapshot" }
end

local snapshot = wanted_snapshot()
local seen = etcd:examine { artifact = snapshot }
if seen.kind ~= "etcd-snapshot" then
  fail(snapshot.name .. " is " .. seen.kind .. " and no snapshot", "`etcdctl snapshot save FILE` makes one")
end

local manifest = {
  format   = "snapcore-manifest",
  version  = 1,
  kind     = seen.kind,
  created  = snapshot.created or snapshot.modified,
  made_by  = "etcd " .. (seen.version or "of a version that is not known"),
  identity = seen.identity,
}

step("Keep " .. snapshot.name, function()
  store:keep { from = snapshot, name = params.name or snapshot.name, manifest = manifest }
end)
