--- Brings an older state of OpenTofu or Terraform back.
-- What the restore would forget stands in the plan; the state that is replaced stays beside the new one.

local params = runbook {
  summary = "Restore a state of OpenTofu or Terraform from its newest copy",
  params  = {
    target = { type = "string", default = "infrastructure", help = "the state, as the site names it" },
    source = { type = "string", default = "states", help = "where its copies are" },
    before = { type = "time", optional = true, help = "the newest copy not after this time" },
    ref    = { type = "string", optional = true, help = "this copy, instead of the newest" },
  },
}

local states, live = source(params.source), target(params.target)

local function wanted_copy()
  if params.ref then return states:stat { ref = params.ref } end
  return states:latest { kind = "tfstate", before = params.before }
end

local copy = wanted_copy()

step("Restore " .. live.name, function()
  live:restore { from = copy }
end)
