/* The snapcore plugin contract, version 1.
 *
 * A plugin is a shared object that exports one function, snapcore_plugin_v1. It returns a static
 * table; nothing else happens at load: no threads, no I/O. The manifest in that table lists
 * operations, and the host calls them through the entries of the table. Everything a plugin may do
 * to the host stands in sc_host. sdk/doc/abi.md holds the shapes of all JSON texts; plugin.hpp is
 * the comfortable way in C++.
 *
 * Rules that hold for every function here:
 *  - Memory: what is passed in is borrowed until the call it was passed to returns; what is passed
 * out goes through a host function that copies. Nothing is ever freed on the other side.
 *  - Text is UTF-8 with a length, not NUL-terminated. A null `data` is allowed only with size 0.
 *  - No exception and no longjmp crosses this border.
 *  - Tables start with their size and only grow at the end. A field exists when the size given by
 * the other side covers it and it is not null.
 *  - Thread words. [load]: while the library is examined; do nothing but return. [call-thread]: the
 * thread on which the host entered the plugin for this call. [any-thread]: any thread, until that
 * entry returns. Different instances may be called at the same time; one instance gets one call at
 * a time unless the operation is marked `concurrent` in the manifest.
 */
#ifndef SNAPCORE_PLUGIN_H
#define SNAPCORE_PLUGIN_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SNAPCORE_ABI_MAJOR 1
#define SNAPCORE_ABI_MINOR 0

/* Borrowed UTF-8 text. Frozen: this struct never changes. */
typedef struct sc_str {
  const char* data;
  uint64_t size;
} sc_str;

typedef struct sc_call sc_call;         /* one running call; owned by the host */
typedef struct sc_subcall sc_subcall;   /* one streamed nested call; owned by the host */
typedef struct sc_instance sc_instance; /* one configured use; owned by the plugin, until close() */

/* What an entry returns. Anything else counts as SC_FAILED. */
enum {
  SC_OK = 0,           /* done; execute has set a result that matches its schema */
  SC_FAILED = 1,       /* not done; set_error says why */
  SC_CANCELLED = 2,    /* stopped because cancelled() said so; set_error may say how far it got */
  SC_INDETERMINATE = 3 /* cannot say whether it happened: a timeout, a cut connection */
};

/* Levels of log(). A warning is for what the operator can act on. */
enum { SC_LOG_DEBUG = 0, SC_LOG_INFO = 1, SC_LOG_WARNING = 2, SC_LOG_ERROR = 3 };

/* Negative answers of functions that count bytes, and of those that say yes or no. */
enum {
  SC_ERROR = -1,     /* failed; last_error() says why */
  SC_NOT_FOUND = -2, /* no such port, secret, extension, size */
  SC_MISUSE = -3     /* called where the contract forbids it; the host has logged it by name */
};

/* Functions the host offers to a running call. Valid from create() until the process ends.
 * Those that return int32_t answer SC_OK or a negative value. */
typedef struct sc_host {
  uint32_t struct_size; /* bytes the host filled in */
  uint32_t abi_minor;   /* the host's minor version */

  /* Says something to the operator and the run's log. Secrets the host knows are masked.
   * [any-thread] */
  void (*log)(sc_call* call, int32_t level, sc_str message);

  /* Work done, in the unit the plan announced (bytes unless it says otherwise); total 0 when
   * unknown. May go backwards after a retry. [any-thread] */
  void (*progress)(sc_call* call, uint64_t done, uint64_t total, sc_str message);

  /* Nonzero once the operator asked to stop. Poll at least once a second. [any-thread] */
  int32_t (*cancelled)(sc_call* call);

  /* Facts of this call as JSON: instance, run, started, key, attempt, checkpoint, entry. Borrowed
   * until the call returns. The only source of fresh values: `key` is the same when the call is
   * repeated. [any-thread] */
  sc_str (*info)(sc_call* call);

  /* Stores the result, or the failure; the last one counts. The host copies. [call-thread] */
  void (*set_result)(sc_call* call, sc_str result_json);
  void (*set_error)(sc_call* call, sc_str error_json);

  /* Hands one item of a stream of results to the host (source `list`: an artifact). The host
   * copies. SC_ERROR: stop, the reader has enough or failed. [call-thread] */
  int32_t (*emit)(sc_call* call, sc_str item_json);

  /* The plain text of a secret of the instance's configuration ("/access_key") or of the arguments
   * ("args:/password"), named by JSON pointer. Borrowed until the call returns. SC_NOT_FOUND: there
   * is no secret there. [call-thread] */
  int32_t (*secret)(sc_call* call, sc_str pointer, sc_str* out);

  /* A private empty directory (mode 0700) that the host removes after the call. The path is
   * borrowed until the call returns. Not available to plan entries. [call-thread] */
  int32_t (*scratch)(sc_call* call, sc_str* out_path);

  /* Remembers where a long call stands. Durable on return; the latest wins; a repeated execute
   * finds it in info(). Only inside execute of an act. [call-thread] */
  int32_t (*checkpoint)(sc_call* call, sc_str position_json);

  /* Records what compensate() will need, before the effect it takes back: {data, words, shell}.
   * Durable on return; the latest wins. Only inside execute of an act. [call-thread] */
  int32_t (*record_undo)(sc_call* call, sc_str undo_json);

  /* Opens the bytes of an artifact (the JSON object that an argument of type artifact carried) from
   * `offset` on, as a readable port of this call. The host hashes what passes. [call-thread] */
  int32_t (*open_input)(sc_call* call, sc_str artifact_json, uint64_t offset, uint32_t* out_port);

  /* Bytes that the port holds in all, from offset 0. SC_NOT_FOUND when that is not known.
   * [call-thread] */
  int32_t (*port_size)(sc_call* call, uint32_t port, uint64_t* out_size);

  /* Ports declared in the manifest are numbered in that order from 0; open_input adds further ones.
   * Bytes moved, 0 at the end of the stream, negative on error. Short moves are normal.
   * [call-thread] */
  int64_t (*read)(sc_call* call, uint32_t port, void* buffer, uint64_t size);
  /* Random access on a port made by open_input; does not move read()'s position, is not hashed.
   * [call-thread] */
  int64_t (*read_at)(sc_call* call, uint32_t port, uint64_t offset, void* buffer, uint64_t size);
  /* All bytes are taken, or it fails (negative). [call-thread] */
  int64_t (*write)(sc_call* call, uint32_t port, const void* buffer, uint64_t size);
  /* Hands a prefix that an earlier attempt already has back to the host, in order and before the
   * first read(), so that the port's digest covers the whole stream. [call-thread] */
  int32_t (*rehash)(sc_call* call, uint32_t port, const void* buffer, uint64_t size);

  /* Calls an operation of another instance, one that this instance's configuration names. `label`
   * is the call's name among its siblings, the same in plan and execute. The result is borrowed
   * until the outer call returns. SC_ERROR: last_error() holds the inner error. [call-thread] */
  int32_t (*call)(sc_call* call, sc_str instance, sc_str operation, sc_str args_json, sc_str label,
                  sc_str* out_result);

  /* The same with bytes: open, then any number of sub_read (its out port) or sub_write (its in
   * port), then call_finish, always, which waits for the inner call. sub_write with size 0 ends the
   * input. [call-thread] */
  int32_t (*call_open)(sc_call* call, sc_str instance, sc_str operation, sc_str args_json,
                       sc_str label, sc_subcall** out);
  int64_t (*sub_read)(sc_subcall* subcall, void* buffer, uint64_t size);
  int64_t (*sub_write)(sc_subcall* subcall, const void* buffer, uint64_t size);
  int32_t (*call_finish)(sc_subcall* subcall, sc_str* out_result);

  /* The error of the last host function that failed in this call, as JSON; empty when none did.
   * Returning SC_FAILED without set_error passes it on. Borrowed until the next host function.
   * [call-thread] */
  sc_str (*last_error)(sc_call* call);

  /* A table of functions named "vendor.name/1", or null. It lives as long as the process.
   * [any-thread] */
  const void* (*get_extension)(const char* id);
} sc_host;

/* One phase of one operation. `operation` is its index in the manifest; `self` is null for
 * operations that need no instance. Arguments were validated against the schema. [call-thread] */
typedef int32_t sc_entry(sc_instance* self, sc_call* call, uint32_t operation, sc_str args_json);

typedef struct sc_plugin {
  uint32_t struct_size;
  uint32_t abi_minor;   /* the lowest host minor this plugin can live with */
  sc_str manifest_json; /* static storage */

  /* Makes an instance from its validated configuration: remembers, checks, connects to nothing. On
   * failure calls set_error, leaves *out alone and answers SC_FAILED. [call-thread] */
  int32_t (*create)(const sc_host* host, sc_call* call, sc_str config_json, sc_instance** out);
  /* Frees it. No call of this instance is running. Must not fail. [any-thread] */
  void (*close)(sc_instance* self);

  /* What execute would do: no side effects at all. Null when the plugin has reads alone. */
  sc_entry* plan;
  /* Does it. */
  sc_entry* execute;
  /* "Did the call with this key happen?" May be null. */
  sc_entry* probe;
  /* Takes it back, fed with {args, result, undo}; accepts that it never happened, half happened, or
   * was already taken back. May be null. */
  sc_entry* compensate;

  /* Receives the host's functions before any other function is called. `host` lives as long as the
   * process. May be null for a plugin whose operations all need an instance. [load] */
  void (*attach)(const sc_host* host);
} sc_plugin;

#if defined(_WIN32)
#define SC_EXPORT __declspec(dllexport)
#else
#define SC_EXPORT __attribute__((visibility("default")))
#endif

/* The one symbol. Returns the static table, never null. [load] */
SC_EXPORT const sc_plugin* snapcore_plugin_v1(void);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* SNAPCORE_PLUGIN_H */
