#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "notes.h"

static const char kNothing[] = "nothing_happened";
static const char kMaybe[] = "may_have_happened";

static void add_identity(struct text* text, const struct note* note) {
  char identity[256];
  note_identity(note, identity, sizeof identity);
  text_add_string(text, identity);
}

static int32_t inspect(sc_instance* self, sc_call* call) {
  struct note note;
  const int readable = note_read(self->live, &note) == 0;
  const char* problem = readable ? note_problem(&note) : "there is none";
  struct text result = {0};
  text_add(&result, "{\"healthy\": %s, \"readable\": %s, \"keeps\": \"aside\", \"resources\": [",
           problem ? "false" : "true", readable ? "true" : "false");
  text_add_string(&result, self->resource);
  text_add(&result, "], \"evidence\": [");
  text_add_string(&result, problem ? problem : "the live note is whole");
  text_add(&result, "]");
  if (!problem) {
    text_add(&result, ", \"identity\": ");
    add_identity(&result, &note);
  }
  text_add(&result, "}");
  return answer(self->host, call, &result);
}

/* Reads the artifact once; into `fd` as well unless it is negative. */
static int32_t take_in(sc_instance* self, sc_call* call, sc_str artifact, int fd, const char* path,
                       struct note* note) {
  const sc_host* host = self->host;
  memset(note, 0, sizeof *note);
  uint32_t port = 0;
  if (host->open_input(call, artifact, 0, &port) != SC_OK) return SC_FAILED;
  const uint64_t total = json_number(json_member(artifact, "size"));
  char piece[65536];
  int64_t got = 0;
  const sc_str nothing = {NULL, 0};
  while ((got = host->read(call, port, piece, sizeof piece)) > 0) {
    if (host->cancelled(call)) return stopped(host, call, kNothing);
    if (fd >= 0 && write(fd, piece, (size_t)got) != (ssize_t)got) {
      return refuse_errno(host, call, kNothing, "write", path);
    }
    note_feed(note, piece, (size_t)got);
    host->progress(call, note->size, total, nothing);
  }
  if (got < 0) return SC_FAILED; /* the host knows why */
  const char* problem = note_problem(note);
  if (!problem) return SC_OK;
  return refuse(host, call, "plain_c.damaged", "corrupt", kNothing, "this note is damaged: %s",
                problem);
}

static int32_t examine(sc_instance* self, sc_call* call, sc_str args) {
  struct note note;
  const int32_t status = take_in(self, call, json_member(args, "artifact"), -1, "", &note);
  if (status != SC_OK) return status;
  struct text result = {0};
  text_add(&result, "{\"kind\": \"plain-note\", \"identity\": ");
  add_identity(&result, &note);
  text_add(
      &result,
      ", \"contents\": {\"bytes\": \"%llu\"}, \"evidence\": [\"begins with NOTE, ends with END\"]}",
      (unsigned long long)note.size);
  return answer(self->host, call, &result);
}

static int32_t capture(sc_instance* self, sc_call* call) {
  const sc_host* host = self->host;
  const int fd = open(self->live, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return refuse_errno(host, call, kNothing, "read", self->live);
  char piece[65536];
  ssize_t got = 0;
  int32_t status = SC_OK;
  while (status == SC_OK && (got = read(fd, piece, sizeof piece)) > 0) {
    if (host->write(call, 0, piece, (uint64_t)got) < 0) status = SC_FAILED;
  }
  if (got < 0) status = refuse_errno(host, call, kNothing, "read", self->live);
  close(fd);
  if (status != SC_OK) return status;
  struct text result = {0};
  text_add(&result, "{\"kind\": \"plain-note\"}");
  return answer(host, call, &result);
}

/* {"data": {...}, "words": [...], "shell": [...]}; frees `data` and `shell`. */
static int32_t record(sc_instance* self, sc_call* call, struct text* data, const char* words,
                      struct text* shell) {
  struct text undo = {0};
  text_add(&undo, "{\"data\": %s, \"words\": [", data->failed ? "{}" : data->data);
  text_add_string(&undo, words);
  text_add(&undo, "], \"shell\": [");
  text_add_string(&undo, shell->failed ? "" : shell->data);
  text_add(&undo, "]}");
  const int failed = data->failed || shell->failed || undo.failed;
  const int32_t done = failed ? SC_ERROR : self->host->record_undo(call, text_view(&undo));
  text_free(data);
  text_free(shell);
  text_free(&undo);
  return done == SC_OK ? SC_OK : SC_FAILED;
}

/* 'it'\''s' */
static void add_quoted(struct text* shell, const char* word) {
  text_add_bytes(shell, "'", 1);
  for (const char* c = word; *c; ++c) {
    if (*c == '\'') {
      text_add(shell, "'\\''");
    } else {
      text_add_bytes(shell, c, 1);
    }
  }
  text_add_bytes(shell, "'", 1);
}

static int32_t record_staged(sc_instance* self, sc_call* call, const char* staged) {
  struct text data = {0};
  struct text shell = {0};
  text_add(&data, "{\"staged\": ");
  text_add_string(&data, staged);
  text_add(&data, "}");
  text_add(&shell, "rm -f ");
  add_quoted(&shell, staged);
  return record(self, call, &data, "remove the staged note", &shell);
}

static int32_t fill_staged(sc_instance* self, sc_call* call, sc_str artifact, const char* staged,
                           struct note* note) {
  const int fd = open(staged, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return refuse_errno(self->host, call, kNothing, "create", staged);
  int32_t status = take_in(self, call, artifact, fd, staged, note);
  if (status == SC_OK && (fsync(fd) != 0 || sync_directory(self->path) != 0)) {
    status = refuse_errno(self->host, call, kNothing, "sync", staged);
  }
  close(fd);
  if (status != SC_OK) unlink(staged);
  return status;
}

static int32_t stage(sc_instance* self, sc_call* call, sc_str args) {
  char key[17];
  char stamp[17];
  fresh_values(self->host, call, key, stamp);
  struct text name = {0};
  text_add(&name, "%s/.%s.staged-%s", self->path, self->file, key);
  if (name.failed)
    return refuse(self->host, call, "plain_c.memory", "transient", kNothing, "out of memory");
  struct note note;
  int32_t status = record_staged(self, call, name.data);
  if (status == SC_OK)
    status = fill_staged(self, call, json_member(args, "from"), name.data, &note);
  if (status == SC_OK) {
    struct text result = {0};
    text_add(&result, "{\"handle\": {\"path\": ");
    text_add_string(&result, name.data);
    text_add(&result, "}, \"expected\": {\"identity\": ");
    add_identity(&result, &note);
    text_add(&result, ", \"size\": %llu}, \"words\": [\"wrote the note beside the live one\"]}",
             (unsigned long long)note.size);
    status = answer(self->host, call, &result);
  }
  text_free(&name);
  return status;
}

static int32_t check(sc_instance* self, sc_call* call, sc_str args) {
  char* path = json_string(json_member(json_member(args, "staged"), "path"));
  struct note note;
  const int found = path && note_read(path, &note) == 0;
  const char* problem = found ? note_problem(&note) : "it is not there";
  int32_t status = SC_FAILED;
  if (problem) {
    status = refuse(self->host, call, "plain_c.damaged", "corrupt", kNothing,
                    "the staged note %s: %s", path ? path : "", problem);
  } else {
    struct text result = {0};
    text_add(&result, "{\"words\": [\"the staged note is whole\"]}");
    status = answer(self->host, call, &result);
  }
  free(path);
  return status;
}

static int32_t record_activation(sc_instance* self, sc_call* call, const char* staged,
                                 const char* kept) {
  struct text data = {0};
  struct text shell = {0};
  text_add(&data, "{\"staged\": ");
  text_add_string(&data, staged);
  text_add(&data, ", \"kept\": ");
  if (kept) {
    text_add_string(&data, kept);
    text_add(&shell, "mv -fT ");
    add_quoted(&shell, kept);
    text_add(&shell, " ");
  } else {
    text_add(&data, "null");
    text_add(&shell, "rm -f ");
  }
  text_add(&data, "}");
  add_quoted(&shell, self->live);
  return record(self, call, &data,
                kept ? "put the old note back" : "remove the note; there was none before", &shell);
}

/* The live note exists at every moment: its second name comes first, then one rename replaces it.
 */
static int32_t swap(sc_instance* self, sc_call* call, const char* staged, const char* kept) {
  if (!exists(staged)) {
    if (exists(self->live)) return SC_OK; /* an earlier attempt came this far */
    return refuse(self->host, call, "plain_c.not_staged", "precondition", kNothing,
                  "%s is not there", staged);
  }
  if (kept && link(self->live, kept) != 0 && errno != EEXIST) {
    return refuse_errno(self->host, call, kNothing, "keep the old note as", kept);
  }
  if (rename(staged, self->live) != 0 || sync_directory(self->path) != 0) {
    return refuse_errno(self->host, call, kMaybe, "replace", self->live);
  }
  return SC_OK;
}

static int32_t activate_as(sc_instance* self, sc_call* call, const char* staged, const char* kept) {
  int32_t status = record_activation(self, call, staged, kept);
  if (status == SC_OK) status = swap(self, call, staged, kept);
  if (status != SC_OK) return status;
  struct text result = {0};
  text_add(&result, "{\"kept\": ");
  if (kept) {
    text_add(&result, "{\"path\": ");
    text_add_string(&result, kept);
    text_add(&result, "}");
  } else {
    text_add(&result, "null");
  }
  text_add(&result, ", \"words\": [\"replaced the live note\"]}");
  return answer(self->host, call, &result);
}

static int32_t activate(sc_instance* self, sc_call* call, sc_str args) {
  char key[17];
  char stamp[17];
  fresh_values(self->host, call, key, stamp);
  char* staged = json_string(json_member(json_member(args, "staged"), "path"));
  struct text kept = {0};
  text_add(&kept, "%s.backup-%s", self->live, stamp);
  int32_t status = SC_FAILED;
  if (!staged || kept.failed) {
    refuse(self->host, call, "plain_c.bad_handle", "internal", kNothing,
           "this is not the handle of a staged note");
  } else {
    const int keeps = exists(self->live) || exists(kept.data);
    status = activate_as(self, call, staged, keeps ? kept.data : NULL);
  }
  text_free(&kept);
  free(staged);
  return status;
}

static int32_t health(sc_instance* self, sc_call* call, sc_str args) {
  const sc_str expected = json_member(args, "expected");
  char* wanted = json_string(json_member(expected, "identity"));
  struct note note;
  char identity[256] = "";
  const char* problem = note_read(self->live, &note) == 0 ? note_problem(&note) : "it is not there";
  if (!problem) {
    note_identity(&note, identity, sizeof identity);
    if (!wanted || strcmp(identity, wanted) != 0) problem = "it is another one than was restored";
    if (note.size != json_number(json_member(expected, "size")))
      problem = "its size is not that of the artifact";
  }
  free(wanted);
  if (problem) {
    return refuse(self->host, call, "plain_c.unhealthy", "permanent", kNothing, "%s: %s",
                  self->live, problem);
  }
  struct text result = {0};
  text_add(&result, "{\"words\": [\"the live note is whole and the expected one\"]}");
  return answer(self->host, call, &result);
}

/* Removes what a handle names. Only files that this plugin made have such names. */
static int32_t remove_handle(sc_instance* self, sc_call* call, sc_str handle, const char* mark) {
  char* path = json_string(json_member(handle, "path"));
  int32_t status = SC_OK;
  if (!path || strncmp(path, self->path, strlen(self->path)) != 0 || !strstr(path, mark)) {
    status = refuse(self->host, call, "plain_c.bad_handle", "internal", kNothing,
                    "this is not a handle of mine");
  } else if (unlink(path) != 0 && errno != ENOENT) {
    status = refuse_errno(self->host, call, kMaybe, "remove", path);
  } else {
    sync_directory(self->path);
    struct text nothing = {0};
    text_add(&nothing, "{}");
    status = answer(self->host, call, &nothing);
  }
  free(path);
  return status;
}

int32_t target_execute(sc_instance* self, sc_call* call, uint32_t operation, sc_str args) {
  if (!self->file) {
    return refuse(self->host, call, "plain_c.no_file", "precondition", kNothing,
                  "this instance has no setting `file`, so it is only a source");
  }
  switch (operation) {
    case TARGET_INSPECT: return inspect(self, call);
    case TARGET_EXAMINE: return examine(self, call, args);
    case TARGET_CAPTURE: return capture(self, call);
    case TARGET_STAGE: return stage(self, call, args);
    case TARGET_CHECK: return check(self, call, args);
    case TARGET_ACTIVATE: return activate(self, call, args);
    case TARGET_HEALTH: return health(self, call, args);
    case TARGET_DISCARD: return remove_handle(self, call, json_member(args, "staged"), ".staged-");
    default: return remove_handle(self, call, json_member(args, "kept"), ".backup-");
  }
}
