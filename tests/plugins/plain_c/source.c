#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "notes.h"

static const char kSidecar[] = ".snapcore.json";
static const char kNothing[] = "nothing_happened";
static const char kMaybe[] = "may_have_happened";

/* The manifest that was stored beside a note, as it was given; nothing when there is none. */
static void add_manifest(struct text* artifact, const sc_instance* self, const char* name) {
  char* path = join(self->path, name, kSidecar);
  FILE* file = path ? fopen(path, "re") : NULL;
  free(path);
  if (!file) return;
  char manifest[65536];
  const size_t size = fread(manifest, 1, sizeof manifest, file);
  fclose(file);
  if (size == 0 || size == sizeof manifest || manifest[0] != '{') return;
  text_add(artifact, ", \"manifest\": ");
  text_add_bytes(artifact, manifest, size);
}

static int add_artifact(struct text* artifact, const sc_instance* self, const char* name) {
  char* path = join(self->path, name, "");
  struct stat status;
  const int found = path && lstat(path, &status) == 0 && S_ISREG(status.st_mode);
  free(path);
  if (!found) return 0;
  char modified[32];
  struct tm parts;
  gmtime_r(&status.st_mtime, &parts);
  strftime(modified, sizeof modified, "%Y-%m-%dT%H:%M:%SZ", &parts);
  text_add(artifact, "{\"ref\": ");
  text_add_string(artifact, name);
  text_add(artifact, ", \"name\": ");
  text_add_string(artifact, name);
  text_add(artifact, ", \"size\": %llu, \"modified\": \"%s\", \"local\": true",
           (unsigned long long)status.st_size, modified);
  add_manifest(artifact, self, name);
  text_add(artifact, "}");
  return !artifact->failed;
}

static int32_t list(sc_instance* self, sc_call* call, sc_str args) {
  const sc_host* host = self->host;
  char* prefix = json_string(json_member(args, "prefix"));
  DIR* directory = opendir(self->path);
  if (!directory) {
    free(prefix);
    return refuse_errno(host, call, kNothing, "read", self->path);
  }
  int32_t status = SC_OK;
  struct dirent* entry = NULL;
  while (status == SC_OK && (entry = readdir(directory))) {
    if (!is_plain_name(entry->d_name)) continue;
    if (prefix && strncmp(entry->d_name, prefix, strlen(prefix)) != 0) continue;
    struct text artifact = {0};
    if (add_artifact(&artifact, self, entry->d_name) &&
        host->emit(call, text_view(&artifact)) != SC_OK) {
      status = SC_FAILED; /* the host knows why */
    }
    text_free(&artifact);
  }
  closedir(directory);
  free(prefix);
  if (status != SC_OK) return status;
  struct text nothing = {0};
  text_add(&nothing, "{}");
  return answer(host, call, &nothing);
}

/* The name behind the argument `ref`, to be freed; null after an error was set. */
static char* read_ref(sc_instance* self, sc_call* call, sc_str args, const char* member) {
  char* name = json_string(json_member(args, member));
  if (name && is_plain_name(name)) return name;
  refuse(self->host, call, "plain_c.bad_name", "precondition", kNothing,
         "\"%s\" is not the name of a note", name ? name : "");
  free(name);
  return NULL;
}

static int32_t stat_note(sc_instance* self, sc_call* call, sc_str args) {
  char* name = read_ref(self, call, args, "ref");
  if (!name) return SC_FAILED;
  struct text artifact = {0};
  int32_t status = SC_FAILED;
  if (add_artifact(&artifact, self, name)) {
    status = answer(self->host, call, &artifact);
  } else {
    refuse(self->host, call, "plain_c.not_found", "precondition", kNothing,
           "there is no note %s in %s", name, self->path);
    text_free(&artifact);
  }
  free(name);
  return status;
}

/* Sends the open file from its position on through port 0. */
static int32_t send(sc_instance* self, sc_call* call, int fd, uint64_t length, const char* name) {
  const sc_host* host = self->host;
  char piece[65536];
  while (length > 0) {
    if (host->cancelled(call)) return stopped(host, call, kNothing);
    const size_t wanted = length < sizeof piece ? (size_t)length : sizeof piece;
    const ssize_t got = read(fd, piece, wanted);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refuse_errno(host, call, kNothing, "read", name);
    if (got == 0) break;
    if (host->write(call, 0, piece, (uint64_t)got) < 0) return SC_FAILED;
    length -= (uint64_t)got;
  }
  struct text nothing = {0};
  text_add(&nothing, "{}");
  return answer(host, call, &nothing);
}

static int32_t open_note(sc_instance* self, sc_call* call, sc_str args) {
  char* name = read_ref(self, call, args, "ref");
  if (!name) return SC_FAILED;
  const uint64_t offset = json_number(json_member(args, "offset"));
  const sc_str length = json_member(args, "length");
  char* path = join(self->path, name, "");
  const int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
  int32_t status = SC_FAILED;
  if (fd < 0 || lseek(fd, (off_t)offset, SEEK_SET) < 0) {
    status = refuse_errno(self->host, call, kNothing, "open", name);
  } else {
    status = send(self, call, fd, json_is_null(length) ? UINT64_MAX : json_number(length), name);
  }
  if (fd >= 0) close(fd);
  free(path);
  free(name);
  return status;
}

/* Takes port 0 into a new file, complete and synced. */
static int32_t receive(sc_instance* self, sc_call* call, const char* path) {
  const sc_host* host = self->host;
  const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return refuse_errno(host, call, kNothing, "create", path);
  char piece[65536];
  int32_t status = SC_OK;
  int64_t got = 0;
  while (status == SC_OK && (got = host->read(call, 0, piece, sizeof piece)) != 0) {
    if (got < 0) {
      status = SC_FAILED; /* the host knows why */
    } else if (host->cancelled(call)) {
      status = stopped(host, call, kNothing);
    } else if (write(fd, piece, (size_t)got) != (ssize_t)got) {
      status = refuse_errno(host, call, kNothing, "write", path);
    }
  }
  if (status == SC_OK && fsync(fd) != 0) status = refuse_errno(host, call, kNothing, "sync", path);
  close(fd);
  if (status != SC_OK) unlink(path);
  return status;
}

static int write_text(const char* path, sc_str text) {
  const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return -1;
  const int done = write(fd, text.data, text.size) == (ssize_t)text.size && fsync(fd) == 0;
  close(fd);
  return done ? 0 : -1;
}

static int32_t record_stored(sc_instance* self, sc_call* call, const char* name) {
  struct text undo = {0};
  text_add(&undo, "{\"data\": {\"name\": ");
  text_add_string(&undo, name);
  text_add(&undo, "}, \"words\": [\"remove the note again\"]}");
  const int32_t done = undo.failed ? SC_ERROR : self->host->record_undo(call, text_view(&undo));
  text_free(&undo);
  return done == SC_OK ? SC_OK : SC_FAILED;
}

static int same_bytes(const char* one, const char* other) {
  FILE* a = fopen(one, "re");
  FILE* b = fopen(other, "re");
  int same = a && b;
  while (same) {
    const int from_a = getc(a);
    const int from_b = getc(b);
    same = from_a == from_b;
    if (from_a == EOF || from_b == EOF) break;
  }
  if (a) fclose(a);
  if (b) fclose(b);
  return same;
}

/* The note becomes visible by one rename; what describes it is there before. */
static int32_t publish(sc_instance* self, sc_call* call, const char* name, const char* temporary,
                       sc_str manifest) {
  char* path = join(self->path, name, "");
  char* sidecar = join(self->path, name, kSidecar);
  if (access(path, F_OK) == 0) {
    /* The same bytes: an earlier attempt of this call, or nothing to do. */
    const int same = same_bytes(temporary, path);
    unlink(temporary);
    free(path);
    free(sidecar);
    if (same) return SC_OK;
    return refuse(self->host, call, "plain_c.exists", "conflict", kNothing,
                  "there is another note %s in %s", name, self->path);
  }
  int32_t status = record_stored(self, call, name);
  if (status == SC_OK && !json_is_null(manifest) && write_text(sidecar, manifest) != 0) {
    status = refuse_errno(self->host, call, kMaybe, "write", sidecar);
  }
  if (status == SC_OK && (rename(temporary, path) != 0 || sync_directory(self->path) != 0)) {
    status = refuse_errno(self->host, call, kMaybe, "rename", temporary);
  }
  free(path);
  free(sidecar);
  return status;
}

static int32_t store(sc_instance* self, sc_call* call, sc_str args) {
  char* name = read_ref(self, call, args, "name");
  if (!name) return SC_FAILED;
  char key[17];
  char stamp[17];
  fresh_values(self->host, call, key, stamp);
  char hidden[64];
  snprintf(hidden, sizeof hidden, ".store-%s", key);
  char* temporary = join(self->path, hidden, "");
  int32_t status = receive(self, call, temporary);
  if (status == SC_OK) status = publish(self, call, name, temporary, json_member(args, "manifest"));
  if (status == SC_OK) {
    struct text artifact = {0};
    add_artifact(&artifact, self, name);
    status = answer(self->host, call, &artifact);
  } else {
    unlink(temporary);
  }
  free(temporary);
  free(name);
  return status;
}

static int unlink_if_there(const char* path) {
  return unlink(path) == 0 || errno == ENOENT ? 0 : -1;
}

static int32_t take_away(sc_instance* self, sc_call* call, const char* name) {
  char* path = join(self->path, name, "");
  char* sidecar = join(self->path, name, kSidecar);
  int32_t status = SC_OK;
  if (unlink_if_there(path) != 0 || unlink_if_there(sidecar) != 0 ||
      sync_directory(self->path) != 0) {
    status = refuse_errno(self->host, call, kMaybe, "remove", name);
  }
  free(path);
  free(sidecar);
  return status;
}

static int32_t remove_note(sc_instance* self, sc_call* call, sc_str args) {
  char* name = read_ref(self, call, args, "ref");
  if (!name) return SC_FAILED;
  const int32_t status = take_away(self, call, name);
  free(name);
  if (status != SC_OK) return status;
  struct text nothing = {0};
  text_add(&nothing, "{}");
  return answer(self->host, call, &nothing);
}

int32_t source_execute(sc_instance* self, sc_call* call, uint32_t operation, sc_str args) {
  switch (operation) {
    case SOURCE_LIST: return list(self, call, args);
    case SOURCE_STAT: return stat_note(self, call, args);
    case SOURCE_OPEN: return open_note(self, call, args);
    case SOURCE_STORE: return store(self, call, args);
    default: return remove_note(self, call, args);
  }
}

int32_t source_plan(sc_instance* self, sc_call* call, uint32_t operation, sc_str args) {
  const int stores = operation == SOURCE_STORE;
  char* name = json_string(json_member(args, stores ? "name" : "ref"));
  struct text sentence = {0};
  text_add(&sentence, "%s the note %s in %s", stores ? "store" : "remove", name ? name : "<name>",
           self->path);
  struct text plan = {0};
  text_add(&plan, "{\"effects\": [");
  text_add_string(&plan, sentence.failed ? "" : sentence.data);
  text_add(&plan, "], \"resources\": [");
  text_add_string(&plan, self->resource);
  text_add(&plan, "]%s}", stores ? ", \"undo\": {\"words\": [\"remove the note again\"]}" : "");
  text_free(&sentence);
  free(name);
  return answer(self->host, call, &plan);
}

int32_t source_compensate(sc_instance* self, sc_call* call, uint32_t operation, sc_str given) {
  (void)operation; /* only store can be taken back */
  char* name = json_string(json_member(json_member(json_member(given, "undo"), "data"), "name"));
  int32_t status = SC_OK;
  if (name && is_plain_name(name)) status = take_away(self, call, name);
  const int removed = name != NULL;
  free(name);
  if (status != SC_OK) return status;
  struct text words = {0};
  text_add(&words, "{\"words\": [\"%s\"]}",
           removed ? "removed the note again" : "nothing had been stored");
  return answer(self->host, call, &words);
}
