#include "app/api_output.h"

#include <cstdio>

#include <CLI/CLI.hpp>
#include <Poco/JSON/Parser.h>

#include "app/table.h"

namespace aev::app {
namespace {

std::string text_of(const Poco::Dynamic::Var& value) {
  if (value.isEmpty()) {
    return "-";
  }
  if (value.isString()) {
    return value.extract<std::string>().empty() ? "-" : value.extract<std::string>();
  }
  return value.toString();
}

std::string member_of(Poco::JSON::Object::Ptr object, const std::string& path) {
  std::size_t begin = 0;
  while (object) {
    const auto dot = path.find('.', begin);
    const std::string name = path.substr(begin, dot - begin);
    if (dot == std::string::npos) {
      return object->has(name) ? text_of(object->get(name)) : "-";
    }
    object = object->getObject(name);
    begin = dot + 1;
  }
  return "-";
}

void print_object(const Poco::JSON::Object& object, const std::string& indent) {
  for (const auto& [name, value] : object) {
    if (value.type() == typeid(Poco::JSON::Object::Ptr)) {
      std::printf("%s%s:\n", indent.c_str(), name.c_str());
      print_object(*value.extract<Poco::JSON::Object::Ptr>(), indent + "  ");
    } else if (value.type() != typeid(Poco::JSON::Array::Ptr)) {  // lists have tables of their own
      std::printf("%s%s: %s\n", indent.c_str(), name.c_str(), text_of(value).c_str());
    }
  }
}

void print_table(const Poco::JSON::Array& items, const std::vector<Column>& columns) {
  std::vector<std::string> headings;
  for (const auto& column : columns) {
    headings.push_back(column.heading);
  }
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto item = items.getObject(static_cast<unsigned>(i));
    auto& row = rows.emplace_back();
    for (const auto& column : columns) {
      row.push_back(member_of(item, column.member));
    }
  }
  std::fputs(format_table(headings, rows).c_str(), stdout);
}

}  // namespace

void add_format_option(CLI::App& verb, std::string& format) {
  format = "text";
  verb.add_option("--format", format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
}

ExitCode call_and_print(ApiClient& client,
                        const std::string& method,
                        const std::string& path,
                        const Parameters& query,
                        const std::string& format,
                        const std::string& list,
                        const std::vector<Column>& columns) {
  const auto answer = client.call(method, path, query);
  if (!answer) {
    std::fprintf(stderr, "%s\n", answer.error().message.c_str());
    return kExitFailed;
  }
  if (answer->status / 100 != 2) {
    std::fprintf(stderr, "%s\n", describe_refusal(*answer).c_str());
    return kExitFailed;
  }
  if (format == "json") {
    std::printf("%s\n", answer->body.c_str());
    return kExitOk;
  }
  try {
    Poco::JSON::Parser parser;
    parser.setHandler(new Poco::JSON::ParseHandler(true));  // keeps the order of members
    const auto document = parser.parse(answer->body).extract<Poco::JSON::Object::Ptr>();
    if (list.empty()) {
      print_object(*document, "");
    } else {
      print_table(*document->getArray(list), columns);
    }
  } catch (const std::exception&) {
    std::printf("%s\n", answer->body.c_str());
  }
  return kExitOk;
}

}  // namespace aev::app
