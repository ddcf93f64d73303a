/* What the target would do, and how it is taken back. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "notes.h"

static const char kMaybe[] = "may_have_happened";

static void add_stage_plan(struct text* plan, const sc_instance* self, sc_str args) {
  const uint64_t size = json_number(json_member(json_member(args, "from"), "size"));
  struct statvfs room;
  text_add(plan, ", \"cost\": {\"bytes\": %llu", (unsigned long long)size);
  if (statvfs(self->path, &room) == 0) {
    text_add(plan, ", \"space\": [{\"where\": ");
    text_add_string(plan, self->path);
    text_add(plan, ", \"needed\": %llu, \"free\": %llu}]", (unsigned long long)size,
             (unsigned long long)room.f_bavail * room.f_frsize);
  }
  text_add(plan, "}, \"undo\": {\"words\": [\"remove the staged note\"]}");
}

static void add_activate_plan(struct text* plan, const sc_instance* self) {
  if (exists(self->live)) {
    struct text keeps = {0};
    text_add(&keeps, "%s stays as %s.backup-<time>", self->live, self->live);
    text_add(plan, ", \"keeps\": [");
    text_add_string(plan, keeps.failed ? "" : keeps.data);
    text_add(plan, "]");
    text_free(&keeps);
  }
  text_add(plan, ", \"undo\": {\"words\": [\"put the old note back\"]}");
}

int32_t target_plan(sc_instance* self, sc_call* call, uint32_t operation, sc_str args) {
  static const char* const sentences[] = {[TARGET_STAGE] = "write the note beside ",
                                          [TARGET_ACTIVATE] = "replace ",
                                          [TARGET_HEALTH] = "expect a whole note in ",
                                          [TARGET_DISCARD] = "remove the note staged beside ",
                                          [TARGET_RELEASE] = "remove what was kept of "};
  if (!self->file) return target_execute(self, call, operation, args);
  struct text sentence = {0};
  text_add(&sentence, "%s%s", sentences[operation], self->live);
  struct text plan = {0};
  text_add(&plan, "{\"effects\": [");
  text_add_string(&plan, sentence.failed ? "" : sentence.data);
  text_add(&plan, "], \"resources\": [");
  text_add_string(&plan, self->resource);
  text_add(&plan, "]");
  text_free(&sentence);
  if (operation == TARGET_STAGE) add_stage_plan(&plan, self, args);
  if (operation == TARGET_ACTIVATE) add_activate_plan(&plan, self);
  text_add(&plan, "}");
  return answer(self->host, call, &plan);
}

/* Never happened, half happened, happened, already taken back: all four end with the old note in
 * place. */
static int take_back(sc_instance* self, sc_str data) {
  char* staged = json_string(json_member(data, "staged"));
  char* kept = json_string(json_member(data, "kept"));
  int done = 0;
  if (kept && exists(kept)) {
    struct stat old;
    struct stat live;
    const int same =
        lstat(kept, &old) == 0 && lstat(self->live, &live) == 0 && old.st_ino == live.st_ino;
    /* rename() of two names of one file does nothing. */
    done = same ? unlink(kept) : rename(kept, self->live);
  } else if (!kept && staged && !exists(staged) && exists(self->live)) {
    done = rename(self->live, staged);
  }
  if (done == 0) done = sync_directory(self->path);
  free(staged);
  free(kept);
  return done;
}

int32_t target_compensate(sc_instance* self, sc_call* call, uint32_t operation, sc_str given) {
  const sc_str data = json_member(json_member(given, "undo"), "data");
  if (operation == TARGET_STAGE && data.size > 0) {
    char* staged = json_string(json_member(data, "staged"));
    const int gone = !staged || unlink(staged) == 0 || errno == ENOENT;
    free(staged);
    if (!gone)
      return refuse_errno(self->host, call, kMaybe, "remove what was staged beside", self->live);
  }
  if (operation == TARGET_ACTIVATE && data.size > 0 && take_back(self, data) != 0) {
    return refuse_errno(self->host, call, kMaybe, "put the old note back as", self->live);
  }
  struct text words = {0};
  text_add(&words, "{\"words\": [\"%s\"]}",
           operation == TARGET_STAGE ? "removed the staged note" : "the old note is in its place");
  return answer(self->host, call, &words);
}
