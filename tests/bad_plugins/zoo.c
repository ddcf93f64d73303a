/* Plugins that are wrong before anybody calls them. One source, one macro each: BAD names the
 * animal. */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <snapcore/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define QUOTE(word) #word
#define TEXT_OF(word) QUOTE(word)
#define ANIMAL TEXT_OF(BAD)

#define HEAD(id) "{\"id\":\"" id "\",\"version\":\"1.0.0\",\"operations\":["
#define ASK "{\"name\":\"ask\",\"summary\":\"asks\",\"effect\":\"read\"}"
#define ACT                                                                                    \
  "{\"name\":\"act\",\"summary\":\"acts\",\"effect\":\"change\",\"repeat\":\"safe\",\"undo\":" \
  "{\"none\":\"a test\"}}"

#if defined(IS_invalid_manifest)
#define MANIFEST HEAD(ANIMAL) ASK ","
#elif defined(IS_invalid_schema)
#define MANIFEST                                                                              \
  HEAD(ANIMAL)                                                                                \
  "{\"name\":\"ask\",\"summary\":\"asks\",\"effect\":\"read\",\"args\":{\"type\":\"object\"," \
  "\"properties\":{\"a\":{\"type\":\"strng\"}}}}]}"
#elif defined(IS_role_without_verbs)
#define MANIFEST \
  "{\"id\":\"" ANIMAL "\",\"version\":\"1.0.0\",\"roles\":[\"source\"],\"operations\":[" ASK "]}"
#elif defined(IS_foreign_id)
#define MANIFEST HEAD("somebody_else") ASK "]}"
#elif defined(IS_missing_entry)
#define MANIFEST HEAD(ANIMAL) ACT "]}"
#else
#define MANIFEST HEAD(ANIMAL) ASK "]}"
#endif

static int32_t create(const sc_host* host, sc_call* call, sc_str config, sc_instance** out) {
  static char instance;
  (void)host;
  (void)call;
  (void)config;
  *out = (sc_instance*)(void*)&instance;
  return SC_OK;
}

static void close_instance(sc_instance* self) { (void)self; }

static int32_t execute(sc_instance* self, sc_call* call, uint32_t operation, sc_str args) {
  (void)self;
  (void)call;
  (void)operation;
  (void)args;
  return SC_FAILED;
}

static const sc_plugin kTable = {
#if defined(IS_small_table)
    .struct_size = 24,
#else
    .struct_size = sizeof(sc_plugin),
#endif
#if defined(IS_newer_minor)
    .abi_minor = SNAPCORE_ABI_MINOR + 1,
#endif
#if !defined(IS_no_manifest)
    .manifest_json = {MANIFEST, sizeof(MANIFEST) - 1},
#endif
    .create = create,
    .close = close_instance,
    .execute = execute,
};

#if defined(IS_crash_at_load)
__attribute__((constructor)) static void crash(void) { raise(SIGSEGV); }
#elif defined(IS_exit_at_load)
__attribute__((constructor)) static void leave(void) { _exit(0); }
#elif defined(IS_hang_at_load)
__attribute__((constructor)) static void hang(void) {
  for (;;) pause();
}
#elif defined(IS_silent_hang_at_load)
__attribute__((constructor)) static void close_all_and_hang(void) {
  for (int descriptor = 0; descriptor < 64; ++descriptor) close(descriptor);
  for (;;) pause();
}
#elif defined(IS_chatter_at_load)
__attribute__((constructor)) static void chatter(void) {
  puts("{\"id\":\"a plugin that talks while it is loaded\"}");
  fflush(stdout);
}
#elif defined(IS_endless_output)
__attribute__((constructor)) static void flood(void) {
  for (int fd = 3; fd < 64; ++fd) {
    while (write(fd, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 32) > 0) continue;
  }
}
#endif

#if defined(IS_undefined_symbol)
int snapcore_symbol_that_does_not_exist(void);
#endif

#if defined(IS_wrong_abi)
SC_EXPORT const sc_plugin* snapcore_plugin_v2(void);
const sc_plugin* snapcore_plugin_v2(void) { return &kTable; }
#elif defined(IS_missing_symbol)
SC_EXPORT const sc_plugin* snapcore_plugin(void);
const sc_plugin* snapcore_plugin(void) { return &kTable; }
#else
const sc_plugin* snapcore_plugin_v1(void) {
#if defined(IS_no_table)
  return (void)&kTable, NULL;
#elif defined(IS_crash_in_entry)
  raise(SIGSEGV);
#elif defined(IS_abort_in_entry)
  abort();
#elif defined(IS_undefined_symbol)
  if (snapcore_symbol_that_does_not_exist()) return NULL;
#endif
  return &kTable;
}
#endif
