#include "site/member_lines.hpp"

#include <cctype>
#include <optional>
#include <vector>

namespace snapcore {
namespace {

struct Token {
  enum class Kind { kEnd, kName, kText, kSign } kind = Kind::kEnd;
  std::string text;
  int line = 0;

  bool is(char sign) const { return kind == Kind::kSign && text.size() == 1 && text[0] == sign; }
};

class Tokens {
 public:
  explicit Tokens(std::string_view text) : text_(text) {}

  Token next() {
    skip_blanks();
    Token token;
    token.line = line_;
    if (at_ >= text_.size()) return token;
    const char c = text_[at_];
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_') {
      token.kind = Token::Kind::kName;
      while (at_ < text_.size() &&
             (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '_')) {
        token.text += text_[at_++];
      }
      return token;
    }
    if (c == '"' || c == '\'') return quoted(std::move(token));
    if (const auto level = long_bracket()) {
      token.kind = Token::Kind::kText;
      token.text = long_text(*level);
      return token;
    }
    token.kind = Token::Kind::kSign;
    token.text = c;
    ++at_;
    const bool pair =
        at_ < text_.size() && text_[at_] == '=' && (c == '=' || c == '~' || c == '<' || c == '>');
    if (pair) token.text += text_[at_++];
    return token;
  }

 private:
  void advance() {
    if (text_[at_++] == '\n') ++line_;
  }

  void skip_blanks() {
    while (at_ < text_.size()) {
      if (std::isspace(static_cast<unsigned char>(text_[at_])) != 0) {
        advance();
      } else if (text_.substr(at_, 2) == "--") {
        at_ += 2;
        if (const auto level = long_bracket()) {
          long_text(*level);
        } else {
          while (at_ < text_.size() && text_[at_] != '\n') ++at_;
        }
      } else {
        return;
      }
    }
  }

  Token quoted(Token token) {
    token.kind = Token::Kind::kText;
    const char quote = text_[at_++];
    while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n') {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) advance();
      token.text += text_[at_];
      advance();
    }
    if (at_ < text_.size()) advance();
    return token;
  }

  // "[[" is level 0, "[=[" level 1 ...
  std::optional<std::size_t> long_bracket() const {
    if (at_ >= text_.size() || text_[at_] != '[') return std::nullopt;
    auto end = at_ + 1;
    while (end < text_.size() && text_[end] == '=') ++end;
    if (end >= text_.size() || text_[end] != '[') return std::nullopt;
    return end - at_ - 1;
  }

  std::string long_text(std::size_t level) {
    const std::string closing = "]" + std::string(level, '=') + "]";
    at_ += level + 2;
    const auto begin = at_;
    const auto end = text_.find(closing, at_);
    const auto stop = end == std::string_view::npos ? text_.size() : end;
    while (at_ < stop) advance();
    if (end != std::string_view::npos) at_ += closing.size();
    return std::string(text_.substr(begin, stop - begin));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
};

class Finder {
 public:
  explicit Finder(std::string_view text) : tokens_(text) { take(); }

  MemberLines find() {
    while (now_.kind != Token::Kind::kEnd) {
      const bool is_return = now_.kind == Token::Kind::kName && now_.text == "return";
      take();
      if (is_return && now_.is('{')) constructor("");
    }
    return std::move(lines_);
  }

 private:
  static constexpr int kDepth = 100;

  void take() {
    now_ = std::move(next_);
    next_ = tokens_.next();
    if (!started_) {
      started_ = true;
      take();
    }
  }

  // At '{'; leaves behind the matching '}'.
  void constructor(const std::string& path) {
    if (++depth_ > kDepth) now_ = {};
    if (now_.kind != Token::Kind::kEnd) take();
    int position = 0;
    while (now_.kind != Token::Kind::kEnd && !now_.is('}')) {
      if (now_.is(',') || now_.is(';')) {
        take();
        continue;
      }
      item(path, position);
    }
    if (now_.kind != Token::Kind::kEnd) take();
    --depth_;
  }

  void item(const std::string& path, int& position) {
    const int line = now_.line;
    std::string member;
    if (now_.kind == Token::Kind::kName && next_.is('=')) {
      member = (path.empty() ? "" : path + ".") + now_.text;
      take();
      take();
    } else if (now_.is('[') && next_.kind == Token::Kind::kText) {
      take();
      member = (path.empty() ? "" : path + ".") + now_.text;
      while (now_.kind != Token::Kind::kEnd && !now_.is('=')) take();
      take();
    } else {
      member = path + "[" + std::to_string(++position) + "]";
    }
    lines_.emplace(member, line);
    if (now_.is('{')) constructor(member);
    skip_value();
  }

  // To the ',' or '}' that ends the item; what stands in brackets belongs to it.
  void skip_value() {
    int open = 0;
    while (now_.kind != Token::Kind::kEnd) {
      const bool ends = now_.is(',') || now_.is(';') || now_.is('}');
      if (open == 0 && ends) return;
      if (now_.is('{') || now_.is('(') || now_.is('[')) ++open;
      if (now_.is('}') || now_.is(')') || now_.is(']')) --open;
      take();
    }
  }

  Tokens tokens_;
  Token now_, next_;
  bool started_ = false;
  int depth_ = 0;
  MemberLines lines_;
};

}  // namespace

MemberLines member_lines(std::string_view text) { return Finder(text).find(); }

int line_of(const MemberLines& lines, std::string_view path) {
  while (!path.empty()) {
    const auto found = lines.find(path);
    if (found != lines.end()) return found->second;
    const auto cut = path.find_last_of(".[");
    path = cut == std::string_view::npos ? std::string_view() : path.substr(0, cut);
  }
  return 0;
}

}  // namespace snapcore
