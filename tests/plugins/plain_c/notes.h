/* Notes: small text files that begin with "NOTE <identity>" and end with a line "END".
 *
 * As a source, an instance is the directory `path`. As a target, it is the one note `file` in
 * there. */
#ifndef PLAIN_C_NOTES_H
#define PLAIN_C_NOTES_H

#include <snapcore/plugin.h>
#include <stddef.h>
#include <stdint.h>

#include "json.h"

struct sc_instance {
  const sc_host* host;
  char* path;     /* the directory, without links and dots */
  char* file;     /* the name of the live note */
  char* live;     /* path/file */
  char* resource; /* "note:HOST:path/file" */
};

/* What is known of a note after its bytes have passed. */
struct note {
  char head[256]; /* the beginning of the first line */
  size_t head_size;
  int head_done;
  char tail[5];
  size_t tail_size;
  uint64_t size;
};

void note_feed(struct note* note, const char* bytes, size_t size);
const char* note_problem(const struct note* note);                   /* null: it is whole */
void note_identity(const struct note* note, char* out, size_t room); /* "" when there is none */
/* -1 with errno when it cannot be read. */
int note_read(const char* path, struct note* note);

/* Sets an error and gives SC_FAILED. The texts are formatted; `outcome` as in abi.md. */
int32_t refuse(const sc_host* host, sc_call* call, const char* code, const char* category,
               const char* outcome, const char* format, ...) __attribute__((format(printf, 6, 7)));
/* The same with what errno says. */
int32_t refuse_errno(const sc_host* host, sc_call* call, const char* outcome, const char* what,
                     const char* path);
/* Sets a result and gives SC_OK; frees the text. */
int32_t answer(const sc_host* host, sc_call* call, struct text* result);
/* Stopped because the operator asked for it. */
int32_t stopped(const sc_host* host, sc_call* call, const char* outcome);

int exists(const char* path);
int sync_directory(const char* path);
char* join(const char* directory, const char* name, const char* suffix);
/* A name in the directory: no slash, not hidden, not a sidecar. */
int is_plain_name(const char* name);
/* The first 16 digits of this call's key, and the run's start as 20260102T030405Z. Empty while
 * planning. */
void fresh_values(const sc_host* host, sc_call* call, char key[17], char stamp[17]);

sc_entry source_plan, source_execute, source_compensate;
sc_entry target_plan, target_execute, target_compensate;

/* In the order of the manifest. */
enum operation {
  SOURCE_LIST,
  SOURCE_STAT,
  SOURCE_OPEN,
  SOURCE_STORE,
  SOURCE_REMOVE,
  TARGET_INSPECT,
  TARGET_EXAMINE,
  TARGET_CAPTURE,
  TARGET_STAGE,
  TARGET_CHECK,
  TARGET_ACTIVATE,
  TARGET_HEALTH,
  TARGET_DISCARD,
  TARGET_RELEASE
};

#endif
