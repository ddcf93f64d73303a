-- An example of a site: which systems there are, and what is allowed. Copy it to /etc/snapcore/site.lua (owned by root,
-- not writable by others) or name it with --site.
return {
  policy = {
    max_age          = "26h",        -- older backups need --waive age=REASON
    space_margin     = 0.20,         -- free space beyond what a restore needs
    on_failure       = "rollback",   -- or "hold", "continue"
    approval         = "prompt",     -- or "digest": only --approve DIGEST starts a run
    unknown_identity = "ask",        -- or "refuse", "warn": when nobody recorded whose backup it is
    -- waivers       = { "age" },    -- guards that may be waived at all; without this line, every one
  },

  instances = {
    -- A directory that holds backups; other tools may write there too.
    backups = { plugin = "files", path = "/srv/backups" },

    -- A cluster. `restore` replaces all of its members from one snapshot.
    etcd_prod = {
      plugin = "etcd",
      ca = "/etc/etcd/ca.crt", cert = "/etc/etcd/client.crt", key = "/etc/etcd/client.key",
      members = {
        {
          name = "etcd-1", peer = "https://10.0.0.11:2380", client = "https://10.0.0.11:2379",
          data_dir = "/var/lib/etcd",
          -- start must not block: the first member of a new cluster waits for the second
          start = { "systemctl", "start", "--no-block", "etcd" },
          stop  = { "systemctl", "stop", "etcd" },
        },
      },
    },
  },

  -- Read-only for runbooks, as site.values
  values = {
    alert_after = "10m",
  },
}
