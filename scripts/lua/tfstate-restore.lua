--- Brings an older state of OpenTofu or Terraform back.
-- What the restore would forget, and what the next apply would do then, stands in the plan; the state that is replaced stays beside
-- the new one.

local params = runbook {
  summary = "Restore a state of OpenTofu or Terraform from its newest copy",
  params  = {
    target = { type = "string", default = "infrastructure", help = "the state, as the site names it" },
    source = { type = "string", default = "states", help = "where its copies are" },
    before = { type = "time", optional = true, help = "the newest copy not after this time" },
    ref    = { type = "string", optional = true, help = "this copy, instead of the newest" },
    preview = { type = "boolean", default = true, help = "ask the tool what the next apply would do with the copy" },
    refresh = { type = "boolean", default = true, help = "the tool looks at what is really there; false when that cannot be reached" },
  },
}

local states, live = source(params.source), target(params.target)

local function wanted_copy()
  if params.ref then return states:stat { ref = params.ref } end
  return states:latest { kind = "tfstate", before = params.before }
end

local copy = wanted_copy()

-- What the tool would destroy is a guard, to be waived by name.
local function destroyed_by_next_apply()
  if not params.preview then
    note "what the next apply would do with this copy was not asked"
    return {}
  end
  local means = live:preview { artifact = copy, refresh = params.refresh }
  for _, words in ipairs(means.words) do note(words) end
  if not means.known then note "to leave this out: --set preview=false" end
  return means.destroys
end

local destroys = destroyed_by_next_apply()

step("Restore " .. live.name, function()
  live:restore { from = copy, destroys = destroys }
end)
