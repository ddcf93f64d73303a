/* As much JSON as this plugin needs. Texts that come from the host are well formed; it has checked
 * them. */
#ifndef PLAIN_C_JSON_H
#define PLAIN_C_JSON_H

#include <snapcore/plugin.h>
#include <stdint.h>

/* A text that grows. Begin with {0}; free with text_free. Once memory ran out, `failed` stays set.
 */
struct text {
  char* data;
  uint64_t size;
  uint64_t room;
  int failed;
};

void text_add(struct text* text, const char* format, ...) __attribute__((format(printf, 2, 3)));
void text_add_bytes(struct text* text, const char* bytes, uint64_t size);
void text_add_string(struct text* text, const char* plain); /* quoted and escaped */
void text_free(struct text* text);
sc_str text_view(const struct text* text);

/* The raw JSON of a member of an object; size 0 when it is not there. Works on nested raw text
 * again. */
sc_str json_member(sc_str object, const char* name);
/* A copy of a string, NUL-terminated, to be freed; null when `raw` is none or holds a NUL. */
char* json_string(sc_str raw);
uint64_t json_number(sc_str raw); /* 0 when it is none */
int json_is_null(sc_str raw);     /* also when it is not there */

#endif
