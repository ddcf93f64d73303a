#include "plugin/call_chain.hpp"

#include <utility>

namespace snapcore {
namespace {

thread_local CallChain chain_of_thread;

}  // namespace

CallChain current_chain() { return chain_of_thread; }

ChainScope::ChainScope(CallChain chain)
    : before_(std::exchange(chain_of_thread, std::move(chain))) {}
ChainScope::~ChainScope() { chain_of_thread = std::move(before_); }

}  // namespace snapcore
