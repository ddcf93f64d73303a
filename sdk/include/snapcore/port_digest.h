/* The extension "snapcore.port-digest/1": the SHA-256 of the beginning of an input, made by the
 * host while the bytes pass.
 *
 *   const sc_port_digest* digests = host->get_extension(SC_PORT_DIGEST);
 *
 * The host hashes every input anyway. A reader whose format holds a digest of its own content,
 * behind it for instance, need not hash the same bytes once more.
 */
#ifndef SNAPCORE_PORT_DIGEST_H
#define SNAPCORE_PORT_DIGEST_H

#include <snapcore/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SC_PORT_DIGEST "snapcore.port-digest/1"

typedef struct sc_port_digest {
  uint32_t struct_size; /* bytes the host filled in */

  /* On a port made by open_input, once, before its first read() and rehash(): the host is to keep
   * the digest of the first `size` bytes, one or more. A prefix that is handed back counts.
   * SC_NOT_FOUND: it cannot, hash them yourself. [call-thread] */
  int32_t (*mark)(sc_call* call, uint32_t port, uint64_t size);

  /* The 32 bytes of that digest. SC_NOT_FOUND: not that many bytes have been read yet.
   * [call-thread] */
  int32_t (*marked)(sc_call* call, uint32_t port, uint8_t* out_sha256);
} sc_port_digest;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* SNAPCORE_PORT_DIGEST_H */
