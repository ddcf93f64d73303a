/* A whole plugin in plain C: the manifest, instances, and the table. */
#define _POSIX_C_SOURCE 200809L
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "notes.h"

#define OBJECT(required, properties)                                            \
  "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[" required \
  "],\"properties\":{" properties "}}"
#define TEXT "{\"type\":\"string\"}"
#define TEXTS "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}"
#define ARTIFACT_ARGUMENT "{\"type\":\"object\",\"x-type\":\"artifact\"}"
#define HANDLE OBJECT("\"path\"", "\"path\":" TEXT)
#define ARTIFACT                                                   \
  OBJECT("\"ref\",\"name\",\"size\"",                              \
         "\"ref\":" TEXT ",\"name\":" TEXT                         \
         ",\"size\":{\"type\":\"integer\",\"minimum\":0}"          \
         ",\"modified\":{\"type\":\"string\",\"x-type\":\"time\"}" \
         ",\"local\":{\"type\":\"boolean\"},\"manifest\":{\"type\":\"object\"}")
#define OPERATION(name, summary, effect, more)                                                  \
  "{\"name\":\"" name "\",\"summary\":\"" summary "\",\"since\":\"1.0.0\",\"effect\":\"" effect \
  "\"" more "}"
#define ARGS(schema) ",\"args\":" schema
#define RESULT(schema) ",\"result\":" schema
#define PORT(direction) ",\"ports\":[{\"name\":\"content\",\"direction\":\"" direction "\"}]"
#define UNDONE ",\"repeat\":\"keyed\",\"undo\":\"compensate\""
#define FOR_GOOD(reason) ",\"repeat\":\"safe\",\"undo\":{\"none\":\"" reason "\"}"

/* In pieces, because C promises literals of no more than 4095 characters. */
static const char *const kManifest[] = {
    "{\"id\":\"plain_c\",\"version\":\"1.0.0\",\"license\":\"Apache-2.0\","
    "\"summary\":\"notes in a directory, and one live note\",\"roles\":[\"source\",\"target\"],"
    "\"config\":" OBJECT("\"path\"",
                         "\"path\":{\"type\":\"string\",\"description\":\"directory of the notes\"},"
                         "\"file\":{\"type\":\"string\",\"description\":\"name of the live note, for a target\"}")
    ",\"kinds\":[{\"kind\":\"plain-note\",\"offset\":0,\"magic\":\"4e4f5445\"}],\"operations\":[",
    OPERATION("list", "lists the notes", "read", ARGS(OBJECT("", "\"prefix\":" TEXT)) ",\"item\":" ARTIFACT) ",",
    OPERATION("stat", "describes one note", "read", ARGS(OBJECT("\"ref\"", "\"ref\":" TEXT)) RESULT(ARTIFACT)) ",",
    OPERATION("open", "reads a note", "read",
              ARGS(OBJECT("\"ref\"", "\"ref\":" TEXT ",\"offset\":{\"type\":\"integer\",\"minimum\":0},"
                                     "\"length\":{\"type\":\"integer\",\"minimum\":0},\"version_id\":" TEXT))
                  PORT("out") ",\"concurrent\":true") ",",
    OPERATION("store", "stores a note", "change",
              ARGS(OBJECT("\"name\"", "\"name\":" TEXT ",\"manifest\":{\"type\":\"object\"}")) RESULT(ARTIFACT)
                  PORT("in") UNDONE) ",",
    OPERATION("remove", "removes a note", "destroy",
              ARGS(OBJECT("\"ref\"", "\"ref\":" TEXT)) FOR_GOOD("a removed note is gone")) ",",
    OPERATION("inspect", "looks at the live note", "read",
              RESULT(OBJECT("\"healthy\",\"readable\",\"keeps\",\"resources\"",
                            "\"healthy\":{\"type\":\"boolean\"},\"readable\":{\"type\":\"boolean\"},"
                            "\"keeps\":" TEXT ",\"resources\":" TEXTS ",\"evidence\":" TEXTS
                            ",\"identity\":" TEXT))) ",",
    OPERATION("examine", "reads a note and checks that it is whole", "read",
              ARGS(OBJECT("\"artifact\"", "\"artifact\":" ARTIFACT_ARGUMENT))
                  RESULT(OBJECT("\"kind\"", "\"kind\":" TEXT ",\"identity\":" TEXT
                                            ",\"contents\":{\"type\":\"object\"},\"evidence\":" TEXTS))) ",",
    OPERATION("capture", "reads the live note", "read", RESULT(OBJECT("\"kind\"", "\"kind\":" TEXT)) PORT("out"))
    ",",
    OPERATION("stage", "writes a note beside the live one", "change",
              ARGS(OBJECT("\"from\"", "\"from\":" ARTIFACT_ARGUMENT))
                  RESULT(OBJECT("\"handle\",\"expected\"", "\"handle\":" HANDLE
                                                           ",\"expected\":{\"type\":\"object\"},\"words\":" TEXTS))
                      UNDONE) ",",
    OPERATION("check", "checks the staged note", "read",
              ARGS(OBJECT("\"staged\"", "\"staged\":" HANDLE)) RESULT(OBJECT("", "\"words\":" TEXTS))) ",",
    OPERATION("activate", "replaces the live note", "change",
              ARGS(OBJECT("\"staged\"", "\"staged\":" HANDLE))
                  RESULT(OBJECT("\"kept\"", "\"kept\":{\"type\":[\"object\",\"null\"]},\"words\":" TEXTS))
                      UNDONE ",\"commit_point\":true") ",",
    OPERATION("health", "compares the live note with what was restored", "verify",
              ARGS(OBJECT("\"expected\"", "\"expected\":{\"type\":\"object\"},"
                                          "\"deadline\":{\"type\":\"string\",\"x-type\":\"duration\"}"))
                  RESULT(OBJECT("", "\"words\":" TEXTS))) ",",
    OPERATION("discard", "removes what was staged", "destroy",
              ARGS(OBJECT("\"staged\"", "\"staged\":" HANDLE)) FOR_GOOD("it can be staged again")) ",",
    OPERATION("release", "removes what was kept", "destroy",
              ARGS(OBJECT("\"kept\"", "\"kept\":" HANDLE)) FOR_GOOD("what was kept is gone")),
    "]}"};

static void free_instance(sc_instance* self) {
  free(self->path);
  free(self->file);
  free(self->live);
  free(self->resource);
  free(self);
}

static char* make_resource(const char* live) {
  char host[256] = "localhost";
  gethostname(host, sizeof host - 1);
  struct text resource = {0};
  text_add(&resource, "note:%s:%s", host, live);
  return resource.failed ? NULL : resource.data;
}

static int32_t create(const sc_host* host, sc_call* call, sc_str config, sc_instance** out) {
  sc_instance* self = calloc(1, sizeof *self);
  char* path = json_string(json_member(config, "path"));
  if (!self || !path) {
    free(self);
    free(path);
    return refuse(host, call, "plain_c.memory", "transient", "nothing_happened", "out of memory");
  }
  self->host = host;
  self->path = realpath(path, NULL);
  self->file = json_string(json_member(config, "file"));
  if (!self->path || (self->file && !is_plain_name(self->file))) {
    const char* problem =
        self->path ? "`file` is not a plain name in the directory" : strerror(errno);
    refuse(host, call, "plain_c.bad_config", "precondition", "nothing_happened", "%s: %s", path,
           problem);
    free(path);
    free_instance(self);
    return SC_FAILED;
  }
  free(path);
  self->live = join(self->path, self->file ? self->file : "", "");
  self->resource = self->live ? make_resource(self->live) : NULL;
  if (!self->resource) {
    free_instance(self);
    return refuse(host, call, "plain_c.memory", "transient", "nothing_happened", "out of memory");
  }
  *out = self;
  return SC_OK;
}

static int32_t plan(sc_instance* self, sc_call* call, uint32_t operation, sc_str args) {
  return operation < TARGET_INSPECT ? source_plan(self, call, operation, args)
                                    : target_plan(self, call, operation, args);
}

static int32_t execute(sc_instance* self, sc_call* call, uint32_t operation, sc_str args) {
  return operation < TARGET_INSPECT ? source_execute(self, call, operation, args)
                                    : target_execute(self, call, operation, args);
}

static int32_t compensate(sc_instance* self, sc_call* call, uint32_t operation, sc_str given) {
  return operation < TARGET_INSPECT ? source_compensate(self, call, operation, given)
                                    : target_compensate(self, call, operation, given);
}

const sc_plugin* snapcore_plugin_v1(void) {
  static char manifest[16384];
  static sc_plugin table = {.struct_size = sizeof(sc_plugin),
                            .abi_minor = 0,
                            .create = create,
                            .close = free_instance,
                            .plan = plan,
                            .execute = execute,
                            .compensate = compensate};
  if (table.manifest_json.size == 0) {
    size_t size = 0;
    for (size_t i = 0; i < sizeof kManifest / sizeof *kManifest; ++i) {
      const size_t piece = strlen(kManifest[i]);
      if (size + piece >= sizeof manifest)
        return &table; /* without a manifest: refused by the host */
      memcpy(manifest + size, kManifest[i], piece);
      size += piece;
    }
    table.manifest_json.data = manifest;
    table.manifest_json.size = size;
  }
  return &table;
}
