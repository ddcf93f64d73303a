#include "xml.hpp"

#include <gtest/gtest.h>

namespace s3::xml {
namespace {

std::string why(std::string_view text) {
  const auto parsed = parse(text);
  return parsed ? "(fine)" : parsed.error().code;
}

TEST(S3XmlTest, ElementsKeepTheirOrderAndText) {
  const auto root = parse(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<a:List xmlns:a='x'><Version><Key>k &lt;&amp;&gt;&quot;&apos; "
      "&#65;&#x20AC;</Key></Version>\n"
      "<DeleteMarker/><Version a = \"b\" ><!-- not --><Key><![CDATA[<raw>]]></Key "
      "></Version></a:List>\n");
  ASSERT_TRUE(root) << root.error().message;
  EXPECT_EQ(root->name, "List");
  ASSERT_EQ(root->children.size(), 3u);
  EXPECT_EQ(root->children[0].text_of("Key"), "k <&>\"' A\xE2\x82\xAC");
  EXPECT_EQ(root->children[1].name, "DeleteMarker");
  EXPECT_EQ(root->children[2].text_of("Key"), "<raw>");
  EXPECT_EQ(root->children[2].text_of("None"), "");
}

TEST(S3XmlTest, WhatIsNotWellFormedIsRefused) {
  for (const char* text : {"",
                           " ",
                           "text",
                           "<a>",
                           "<a></b>",
                           "<a></a><b/>",
                           "<a></a>x",
                           "<a",
                           "<a b></a>",
                           "<a b=c/>",
                           "<a b='<'/>",
                           "<a>&b;</a>",
                           "<a>&lt</a>",
                           "<a>&#0;</a>",
                           "<a>&#xD800;</a>",
                           "<a>&#x110000;</a>",
                           "<a>\x01</a>",
                           "<a>\xff</a>",
                           "<1/>",
                           "< a/>",
                           "</a>",
                           "<a><![CDATA[x</a>",
                           "<a><!-- x</a>",
                           "<!DOCTYPE a><a/>",
                           "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
                           "<a>&#99999999999;</a>"}) {
    EXPECT_EQ(why(text), "s3.bad_xml") << text;
  }
}

TEST(S3XmlTest, EveryTruncationIsRefused) {
  const std::string text = "<a b='c'><d>e&amp;f</d><!-- g --><h/></a>";
  ASSERT_TRUE(parse(text));
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(parse(text.substr(0, size))) << size;
  }
}

TEST(S3XmlTest, DepthAndCountAreBounded) {
  std::string deep;
  for (std::size_t i = 0; i < kMostDepth; ++i) deep += "<a>";
  std::string ends;
  for (std::size_t i = 0; i < kMostDepth; ++i) ends += "</a>";
  EXPECT_EQ(why(deep + ends), "(fine)");
  EXPECT_EQ(why("<a>" + deep + ends + "</a>"), "s3.bad_xml");
  std::string many = "<a>";
  for (std::size_t i = 0; i < kMostElements; ++i) many += "<b/>";
  EXPECT_EQ(why(many + "</a>"), "s3.bad_xml");
}

TEST(S3XmlTest, WhatIsEscapedReadsBackTheSame) {
  const std::string text = "\"<a & 'b'>\"";
  EXPECT_EQ(parse("<x>" + escaped(text) + "</x>")->text, text);
}

}  // namespace
}  // namespace s3::xml
