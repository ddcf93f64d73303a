-- Brings a state back into its store after a fallback. Three states are compared: the one it began with, the local one, that of the store;
-- where both went on, nothing is touched.

local params = runbook {
  summary = "Bring a state back into its store after a fallback",
  params  = {
    target = { type = "string", default = "infrastructure", help = "the state, as the site names it" },
    verify = { type = "boolean", default = true, help = "the tool must find nothing to do afterwards that it did not find before" },
  },
}

local infrastructure = instance(params.target)

local now = infrastructure:fallback_status {}
for _, words in ipairs(now.words) do note(words) end
if not now.active then fail("there is no fallback to come back from", "snapcore call " .. params.target .. ".fallback_status") end

-- What is to be done with the local state is to be done with that of the store, too.
local open_changes = params.verify and #infrastructure:plan_changes {}.changes or nil

step("Back to the store", function()
  infrastructure:end_fallback {}
end)

if open_changes == 0 then
  step("Ask the tool", function()
    infrastructure:expect_no_changes {}
  end)
elseif open_changes then
  note("the tool has " .. open_changes .. " changes to make already, so it is not asked whether it has none afterwards")
end
