#include "json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int make_room(struct text* text, uint64_t more) {
  if (text->failed) return 0;
  if (text->size + more + 1 <= text->room) return 1;
  uint64_t room = (text->size + more + 1) * 2;
  char* data = realloc(text->data, room);
  if (!data) {
    text->failed = 1;
    return 0;
  }
  text->data = data;
  text->room = room;
  return 1;
}

void text_add_bytes(struct text* text, const char* bytes, uint64_t size) {
  if (!make_room(text, size)) return;
  memcpy(text->data + text->size, bytes, size);
  text->size += size;
  text->data[text->size] = '\0';
}

void text_add(struct text* text, const char* format, ...) {
  va_list arguments;
  va_list again;
  va_start(arguments, format);
  va_copy(again, arguments);
  int size = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  if (size >= 0 && make_room(text, (uint64_t)size)) {
    vsnprintf(text->data + text->size, (size_t)size + 1, format, again);
    text->size += (uint64_t)size;
  }
  va_end(again);
}

void text_add_string(struct text* text, const char* plain) {
  text_add_bytes(text, "\"", 1);
  for (const char* c = plain; *c; ++c) {
    if (*c == '"' || *c == '\\') {
      text_add(text, "\\%c", *c);
    } else if ((unsigned char)*c < 0x20) {
      text_add(text, "\\u%04x", (unsigned)*c);
    } else {
      text_add_bytes(text, c, 1);
    }
  }
  text_add_bytes(text, "\"", 1);
}

void text_free(struct text* text) {
  free(text->data);
  memset(text, 0, sizeof *text);
}

sc_str text_view(const struct text* text) {
  sc_str view = {text->data, text->size};
  return view;
}

static const char* skip_space(const char* at, const char* end) {
  while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')) ++at;
  return at;
}

/* `at` stands on the opening quote; gives the place after the closing one. */
static const char* skip_string(const char* at, const char* end) {
  for (++at; at < end && *at != '"'; ++at) {
    if (*at == '\\') ++at;
  }
  return at < end ? at + 1 : end;
}

static const char* skip_value(const char* at, const char* end) {
  int depth = 0;
  while (at < end) {
    if (*at == '"') {
      at = skip_string(at, end);
      if (depth == 0) return at;
    } else if (*at == '{' || *at == '[') {
      ++depth;
      ++at;
    } else if (*at == '}' || *at == ']') {
      if (depth == 0) return at;
      ++at;
      if (--depth == 0) return at;
    } else if (depth == 0 && *at == ',') {
      return at;
    } else {
      ++at;
    }
  }
  return end;
}

sc_str json_member(sc_str object, const char* name) {
  const sc_str none = {NULL, 0};
  if (object.size == 0) return none;
  const char* end = object.data + object.size;
  const char* at = skip_space(object.data, end);
  if (at == end || *at != '{') return none;
  ++at;
  while ((at = skip_space(at, end)) < end && *at == '"') {
    const char* key = at + 1;
    at = skip_string(at, end);
    const uint64_t key_size = (uint64_t)(at - 1 - key);
    at = skip_space(at, end);
    if (at < end && *at == ':') at = skip_space(at + 1, end);
    const char* value = at;
    at = skip_value(at, end);
    const char* value_end = at;
    while (value_end > value && strchr(" \t\r\n", value_end[-1])) --value_end;
    if (key_size == strlen(name) && memcmp(key, name, key_size) == 0) {
      sc_str found = {value, (uint64_t)(value_end - value)};
      return found;
    }
    at = skip_space(at, end);
    if (at < end && *at == ',') ++at;
  }
  return none;
}

static unsigned hex4(const char* at) {
  char digits[5] = {at[0], at[1], at[2], at[3], 0};
  return (unsigned)strtoul(digits, NULL, 16);
}

static char* put_character(char* to, unsigned character) {
  if (character < 0x80) {
    *to++ = (char)character;
  } else if (character < 0x800) {
    *to++ = (char)(0xc0 | (character >> 6));
    *to++ = (char)(0x80 | (character & 0x3f));
  } else if (character < 0x10000) {
    *to++ = (char)(0xe0 | (character >> 12));
    *to++ = (char)(0x80 | ((character >> 6) & 0x3f));
    *to++ = (char)(0x80 | (character & 0x3f));
  } else {
    *to++ = (char)(0xf0 | (character >> 18));
    *to++ = (char)(0x80 | ((character >> 12) & 0x3f));
    *to++ = (char)(0x80 | ((character >> 6) & 0x3f));
    *to++ = (char)(0x80 | (character & 0x3f));
  }
  return to;
}

/* `at` stands on the letter after the backslash; moves it to the last character it used. */
static char* put_escape(char* to, const char** at, const char* end) {
  static const char letters[] = "bfnrt";
  static const char meanings[] = "\b\f\n\r\t";
  const char* letter = strchr(letters, **at);
  if (letter && *letter) {
    *to++ = meanings[letter - letters];
  } else if (**at == 'u' && end - *at > 4) {
    unsigned character = hex4(*at + 1);
    *at += 4;
    if (character >= 0xd800 && character < 0xdc00 && end - *at > 6) {
      character = 0x10000 + ((character - 0xd800) << 10) + (hex4(*at + 3) - 0xdc00);
      *at += 6;
    }
    to = put_character(to, character);
  } else {
    *to++ = **at;
  }
  return to;
}

char* json_string(sc_str raw) {
  if (raw.size < 2 || raw.data[0] != '"') return NULL;
  char* plain = malloc(raw.size);
  if (!plain) return NULL;
  char* to = plain;
  const char* end = raw.data + raw.size - 1;
  for (const char* at = raw.data + 1; at < end; ++at) {
    if (*at == '\\' && at + 1 < end) {
      ++at;
      to = put_escape(to, &at, end);
    } else {
      *to++ = *at;
    }
  }
  *to = '\0';
  if (strlen(plain) != (size_t)(to - plain)) {
    free(plain);
    return NULL;
  }
  return plain;
}

uint64_t json_number(sc_str raw) {
  uint64_t number = 0;
  for (uint64_t i = 0; i < raw.size && raw.data[i] >= '0' && raw.data[i] <= '9'; ++i) {
    number = number * 10 + (uint64_t)(raw.data[i] - '0');
  }
  return number;
}

int json_is_null(sc_str raw) {
  return raw.size == 0 || (raw.size == 4 && memcmp(raw.data, "null", 4) == 0);
}
