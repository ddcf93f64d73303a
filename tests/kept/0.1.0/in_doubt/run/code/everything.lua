local params = runbook { summary = "Uses every feature", params = { last = { type = "string", default = "never" } } }

local a, b = instance "a", instance "b"

on_rollback(function()
  a:expect { name = "weather" }
  b:add { name = "noticed" }
end)

step("Every way of repeating", function()
  if a:count {}.count <= 1 then
    local first = a:add { name = "safe" }
    b:add { name = later(first, "name") }
  end
  a:stamp { name = "keyed" }
  a:post { name = "probed" }
  a:ring { name = "bell" }
  a:relay { name = "relayed" }
end)

step("A restore", function()
  local newest = source("store"):latest { kind = "plain-note" }
  local restored = target("note"):restore { from = newest }
  when(later(restored, "kept"), function()
    a:add { name = "old-note-kept" }
  end)
end)

retry({ times = 3, wait = "1s" }, function()
  a:add { name = "retried" }
end)

attempt(function()
  b:add { name = "tried" }
  b:add { name = "impossible", fails = "before" }
end, {
  ["ledger.broken"] = function()
    b:add { name = "tried" }
  end,
})

wait_until({ timeout = "1m", every = "1s" }, function() return a:count {}.count > 3 end)

a:expect { name = "safe" }
b:add { name = "last", fails = params.last }
