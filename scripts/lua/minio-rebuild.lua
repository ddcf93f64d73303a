--- Rebuilds MinIO and puts the objects of a bucket back, also where the state that describes MinIO lies in that bucket.
-- OpenTofu or Terraform brings MinIO up, within the bounds that are approved; what the bucket lacks then comes from a copy, what it
-- has stays. A state that lay in it is worked with locally meanwhile, and is back in it at the end.

local params = runbook {
  summary = "Rebuild MinIO and put its objects back from a copy",
  params  = {
    url          = { type = "string", help = "where MinIO answers, http://10.0.0.5:9000" },
    store        = { type = "string", default = "minio", help = "the bucket, as the site names it" },
    copies       = { type = "string", default = "copies", help = "where the copies of its objects are: a folder, another store" },
    target       = { type = "string", default = "infrastructure", help = "the state that describes MinIO" },
    state        = { type = "string", optional = true, help = "which copy that state is, where it lies in this bucket" },
    apply        = { type = "boolean", default = true, help = "false when MinIO was brought up already" },
    targets      = { type = "list", default = {}, help = "what is applied, as -target takes it: module.minio; else everything" },
    creates      = { type = "integer", default = 10, help = "the tool may create so many" },
    replace      = { type = "list", default = {}, help = "what is made anew though the tool believes it whole; not taken back" },
    probes       = { type = "string", default = "web", help = "an instance of the plugin http" },
    wait         = { type = "duration", default = "5m", help = "how long MinIO may take" },
    environments = { type = "list", default = {}, help = "states whose tool is asked at the end, too" },
  },
}

local store, copies = source(params.store), source(params.copies)
local infrastructure, web = instance(params.target), instance(params.probes)

-- --- what there is

-- A lock that came back with its state would keep everybody out of it.
local function is_lock(copy) return copy.ref:sub(-7) == ".tflock" end

local function copies_to_put_back()
  local list = {}
  for _, copy in ipairs(copies:list {}) do
    if is_lock(copy) then
      note(copy.ref .. " is a lock, and is left out")
    else
      list[#list + 1] = copy
    end
  end
  if #list == 0 then fail(params.copies .. " holds nothing that could be put back") end
  return list
end

local function by_ref(list)
  local found = {}
  for _, object in ipairs(list) do found[object.ref] = object end
  return found
end

-- Nil when MinIO is absent, or the bucket is, or nobody may use it.
local function objects_now()
  local answered, list = pcall(function() return store:list {} end)
  if answered then return by_ref(list) end
  note(params.store .. " cannot be used now: " .. list.message)
  return nil
end

-- Only a fallback that is active asks the store, which may be away.
local function in_fallback()
  local answered, status = pcall(function() return infrastructure:fallback_status {} end)
  return not answered or status.active
end

local wanted = copies_to_put_back()
local before = objects_now()
local state_is_lost = params.state ~= nil and not (before and before[params.state])
local works_locally = params.state ~= nil and in_fallback()

-- --- MinIO

if state_is_lost and not works_locally then
  step("Work with a local state meanwhile", function()
    infrastructure:fallback { from = copies:stat { ref = params.state } }
  end)
  works_locally = true
end

local function bring_up()
  local bounds = { targets = params.targets, within = params.targets, creates = params.creates }
  if #params.replace == 0 then
    infrastructure:apply_plan(bounds)
  else
    bounds.replace, bounds.replaces = params.replace, #params.replace
    infrastructure:apply_plan_for_good(bounds)
  end
end

if params.apply then step("Bring MinIO up", bring_up) end

-- `live` and `ready` answer 200 also where the storage behind them is not there yet.
step("Wait for MinIO", function()
  wait_until({ timeout = params.wait, every = "1s" }, function()
    web:status { url = params.url .. "/minio/health/cluster" }
    return web:status { url = params.url .. "/minio/health/cluster/read" }
  end)
end)

step("Have the bucket", function() store:make_bucket {} end)

-- --- what was in it

phase("Put the objects back", {
  within = { instances = { params.store }, operations = { "keep" }, acts = #wanted },
}, function()
  local there, put_back = by_ref(store:list {}), 0
  for _, copy in ipairs(wanted) do
    local found = there[copy.ref]
    if not found then
      store:keep { from = copy, name = copy.ref, as_found = true }
      put_back = put_back + 1
    elseif found.size ~= copy.size then
      note(copy.ref .. " is in the bucket, and is not the copy: it stays as it is")
    end
  end
  note(put_back .. " of " .. #wanted .. " objects are put back into " .. params.store)
end)

phase("Look at the bucket", { within = { acts = 0 } }, function()
  local there = by_ref(store:list {})
  for _, copy in ipairs(wanted) do
    if not there[copy.ref] then fail(copy.ref .. " is not in " .. params.store, "look at it before anything else is done") end
  end
  note(params.store .. ": all of " .. #wanted .. " objects are there; versions are kept: " .. store:objects_traits {}.versioning)
  note("a new store has to be tested again: snapcore call " .. params.store .. ".test_store")
end)

-- --- the states

if works_locally then
  phase("Back to the store", {
    within = { instances = { params.target }, operations = { "end_fallback" }, acts = 1 },
  }, function()
    for _, words in ipairs(infrastructure:fallback_status {}.words) do note(words) end
    infrastructure:end_fallback {}
  end)
end

-- Told and no failure: what is open in another environment is no reason to take MinIO back.
local function ask_the_tool_of(name)
  local answered, plan = pcall(function() return instance(name):plan_changes {} end)
  note(name .. ": " .. (answered and plan.words[1] or "THE TOOL CANNOT BE ASKED: " .. plan.message))
end

phase("Ask the tool", { within = { acts = 0 } }, function()
  by_ref(store:list {})  -- not before the bucket is whole: what the tool says before that means nothing
  ask_the_tool_of(params.target)
  for _, name in ipairs(params.environments) do ask_the_tool_of(name) end
end)
