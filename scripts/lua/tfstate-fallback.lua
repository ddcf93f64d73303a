-- Works with a local copy of a state while the store where it belongs is away (S3 for instance). Whoever plans or looks at this state is
-- told so, until tfstate-return.lua has brought it back.

local params = runbook {
  summary = "Work with a local copy of a state while its store is away",
  params  = {
    target = { type = "string", default = "infrastructure", help = "the state, as the site names it" },
    source = { type = "string", default = "states", help = "where its copies are" },
    before = { type = "time", optional = true, help = "the newest copy not after this time" },
    ref    = { type = "string", optional = true, help = "this copy, instead of the newest" },
  },
}

local states, infrastructure = source(params.source), instance(params.target)

local function wanted_copy()
  if params.ref then return states:stat { ref = params.ref } end
  return states:latest { kind = "tfstate", before = params.before }
end

local copy = wanted_copy()
note("the local state begins with " .. copy.ref .. "; what was written to the store after it is not known meanwhile")

step("Fall back to a local state", function()
  infrastructure:fallback { from = copy }
end)
