#define _POSIX_C_SOURCE 200809L
#include "notes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char kMagic[] = "NOTE ";
static const char kEnd[] = "\nEND\n";

void note_feed(struct note* note, const char* bytes, size_t size) {
  for (size_t i = 0; i < size && !note->head_done; ++i) {
    if (bytes[i] == '\n' || note->head_size + 1 == sizeof note->head) {
      note->head_done = 1;
    } else {
      note->head[note->head_size++] = bytes[i];
    }
  }
  for (size_t i = size > sizeof note->tail ? size - sizeof note->tail : 0; i < size; ++i) {
    if (note->tail_size == sizeof note->tail) {
      memmove(note->tail, note->tail + 1, sizeof note->tail - 1);
      --note->tail_size;
    }
    note->tail[note->tail_size++] = bytes[i];
  }
  note->size += size;
}

const char* note_problem(const struct note* note) {
  if (note->size == 0) return "it is empty";
  if (note->head_size < 4 || memcmp(note->head, kMagic, 4) != 0)
    return "it does not begin with NOTE";
  if (note->head_size <= strlen(kMagic) || note->head[4] != ' ') return "it names no identity";
  if (note->tail_size != sizeof note->tail || memcmp(note->tail, kEnd, sizeof note->tail) != 0) {
    return "its last line is not END, so something is missing";
  }
  return NULL;
}

void note_identity(const struct note* note, char* out, size_t room) {
  const size_t skip = strlen(kMagic);
  size_t size =
      note->head_size > skip && memcmp(note->head, kMagic, skip) == 0 ? note->head_size - skip : 0;
  if (size >= room) size = room - 1;
  memcpy(out, note->head + skip, size);
  out[size] = '\0';
}

int note_read(const char* path, struct note* note) {
  memset(note, 0, sizeof *note);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  char piece[16384];
  ssize_t got = 0;
  while ((got = read(fd, piece, sizeof piece)) > 0) note_feed(note, piece, (size_t)got);
  const int problem = errno;
  close(fd);
  errno = problem;
  return got < 0 ? -1 : 0;
}

static int32_t set_error(const sc_host* host, sc_call* call, const char* code, const char* category,
                         const char* outcome, const char* message) {
  struct text error = {0};
  text_add(&error,
           "{\"code\": \"%s\", \"category\": \"%s\", \"outcome\": \"%s\", \"message\": ", code,
           category, outcome);
  text_add_string(&error, message);
  text_add(&error, "}");
  if (!error.failed) host->set_error(call, text_view(&error));
  text_free(&error);
  return SC_FAILED;
}

int32_t refuse(const sc_host* host, sc_call* call, const char* code, const char* category,
               const char* outcome, const char* format, ...) {
  char message[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  return set_error(host, call, code, category, outcome, message);
}

int32_t refuse_errno(const sc_host* host, sc_call* call, const char* outcome, const char* what,
                     const char* path) {
  const int number = errno;
  return refuse(host, call, number == ENOSPC ? "plain_c.no_space" : "plain_c.io", "permanent",
                outcome, "cannot %s %s: %s", what, path, strerror(number));
}

int32_t answer(const sc_host* host, sc_call* call, struct text* result) {
  if (!result->failed) host->set_result(call, text_view(result));
  const int failed = result->failed;
  text_free(result);
  if (failed)
    return refuse(host, call, "plain_c.memory", "transient", "may_have_happened", "out of memory");
  return SC_OK;
}

int32_t stopped(const sc_host* host, sc_call* call, const char* outcome) {
  refuse(host, call, "plain_c.stopped", "transient", outcome,
         "stopped before all bytes were moved");
  return SC_CANCELLED;
}

int sync_directory(const char* path) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return -1;
  const int done = fsync(fd);
  const int problem = errno;
  close(fd);
  errno = problem;
  return done;
}

char* join(const char* directory, const char* name, const char* suffix) {
  struct text path = {0};
  text_add(&path, "%s/%s%s", directory, name, suffix);
  if (path.failed) text_free(&path);
  return path.data;
}

int exists(const char* path) {
  struct stat status;
  return lstat(path, &status) == 0;
}

int is_plain_name(const char* name) {
  static const char sidecar[] = ".snapcore.json";
  const size_t size = strlen(name);
  if (size == 0 || size > 200 || name[0] == '.' || strchr(name, '/')) return 0;
  return size < strlen(sidecar) || strcmp(name + size - strlen(sidecar), sidecar) != 0;
}

void fresh_values(const sc_host* host, sc_call* call, char key[17], char stamp[17]) {
  const sc_str info = host->info(call);
  char* whole_key = json_string(json_member(info, "key"));
  char* started = json_string(json_member(info, "started"));
  snprintf(key, 17, "%.16s", whole_key ? whole_key : "");
  size_t size = 0;
  for (const char* c = started ? started : ""; *c && size < 16; ++c) {
    if (*c != '-' && *c != ':') stamp[size++] = *c;
  }
  stamp[size] = '\0';
  free(whole_key);
  free(started);
}
