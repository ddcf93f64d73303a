/* The extension "snapcore.port-file/1": a source whose artifact is a local file hands over a
 * descriptor of it, so that a target can look at any place of it without a call for each.
 *
 *   const sc_port_file* files = host->get_extension(SC_PORT_FILE);
 *
 * Both sides may do without: a source that never offers is read through its port, and a reader that
 * gets SC_NOT_FOUND reads its port. The host stands between them. It asks the source only when a
 * reader borrows, takes regular files that are open for reading alone, gives the reader a
 * descriptor of its own, and knows of each input whether it was streamed, and so hashed, or
 * borrowed.
 *
 * A borrowed descriptor is to be read with pread(), not mapped: whoever cuts a mapped file ends the
 * process that reads it with a signal, and bytes that were judged can change afterwards. A reader
 * that needs one state of the whole file compares fstat() before and after.
 */
#ifndef SNAPCORE_PORT_FILE_H
#define SNAPCORE_PORT_FILE_H

#include <snapcore/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SC_PORT_FILE "snapcore.port-file/1"

typedef struct sc_port_file {
  uint32_t struct_size; /* bytes the host filled in */

  /* Source, in execute of `open` and before its first write(): the bytes of out port `port` are all
   * those of the regular file behind `fd`, open for reading alone. The host duplicates it; `fd`
   * stays the caller's. SC_OK: the descriptor was wanted; return without writing. SC_NOT_FOUND: it
   * was not; write the bytes. SC_MISUSE: not such a file, or not such a port. [call-thread] */
  int32_t (*offer)(sc_call* call, uint32_t port, int32_t fd);

  /* Reader, on a port made by open_input with offset 0, before its first read(): a descriptor for
   * reading alone and the bytes the file has now. It is the host's and open until the call returns;
   * its file position means nothing. SC_NOT_FOUND: the source offers none; use the port. SC_ERROR:
   * the source failed, for instance because the artifact is gone. [call-thread] */
  int32_t (*borrow)(sc_call* call, uint32_t port, int32_t* out_fd, uint64_t* out_size);
} sc_port_file;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* SNAPCORE_PORT_FILE_H */
