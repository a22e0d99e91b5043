// Source code, byte for byte, under one mark that says the language. Chunkers know its syntax.
#include <array>

#include "base/io/files.h"
#include "knowledge/load/text_document.h"

namespace atelier {
namespace {

struct Language {
  std::string_view name;  // an extension, or a whole file name, in lower case
  std::string_view language;
};
constexpr auto kLanguages = std::to_array<Language>({
    {".c", "c"},
    {".h", "cpp"},
    {".cc", "cpp"},
    {".cpp", "cpp"},
    {".cxx", "cpp"},
    {".hh", "cpp"},
    {".hpp", "cpp"},
    {".hxx", "cpp"},
    {".cu", "cpp"},
    {".py", "python"},
    {".pyi", "python"},
    {".ts", "typescript"},
    {".tsx", "typescript"},
    {".mts", "typescript"},
    {".js", "javascript"},
    {".jsx", "javascript"},
    {".mjs", "javascript"},
    {".cjs", "javascript"},
    {".go", "go"},
    {".rs", "rust"},
    {".java", "java"},
    {".kt", "kotlin"},
    {".scala", "scala"},
    {".cs", "csharp"},
    {".swift", "swift"},
    {".rb", "ruby"},
    {".php", "php"},
    {".lua", "lua"},
    {".pl", "perl"},
    {".r", "r"},
    {".jl", "julia"},
    {".hs", "haskell"},
    {".ml", "ocaml"},
    {".ex", "elixir"},
    {".exs", "elixir"},
    {".erl", "erlang"},
    {".clj", "clojure"},
    {".dart", "dart"},
    {".zig", "zig"},
    {".sh", "shell"},
    {".bash", "shell"},
    {".zsh", "shell"},
    {".fish", "shell"},
    {".ps1", "powershell"},
    {".sql", "sql"},
    {".proto", "protobuf"},
    {".css", "css"},
    {".scss", "css"},
    {".vue", "vue"},
    {".cmake", "cmake"},
    {"cmakelists.txt", "cmake"},
    {"makefile", "make"},
    {"dockerfile", "dockerfile"},
    {".yaml", "yaml"},
    {".yml", "yaml"},
    {".toml", "toml"},
    {".ini", "ini"},
    {".cfg", "ini"},
    {".tex", "latex"},
});

constexpr auto kExtensions = [] {
  std::array<std::string_view, kLanguages.size()> names;
  for (size_t i = 0; i < names.size(); ++i) names[i] = kLanguages[i].name;
  return names;
}();
constexpr std::array<std::string_view, 1> kMediaTypes{"text/x-source"};

std::string_view LanguageOf(std::string_view id) {
  const std::string extension = ExtensionOf(id);
  std::string name(NameOf(id));
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const Language& language : kLanguages) {
    if (language.name == name) return language.language;
  }
  for (const Language& language : kLanguages) {
    if (language.name == extension) return language.language;
  }
  return {};
}

Result<std::vector<Document>> Load(const Source& source, LoadContext& context) {
  TRY(Document document, TextDocument(source, context));
  const std::string_view language = LanguageOf(source.id);
  if (!language.empty()) document.attributes.Set("language", language);
  const TextSpan all{0, static_cast<int64_t>(document.text.size())};
  if (!all.empty()) document.marks.push_back({TextMark::Kind::kCode, all, 0, std::string(language)});
  return OneDocument(std::move(document));
}

}  // namespace

extern const LoaderEntry load_code;
const LoaderEntry load_code{"code", kExtensions, kMediaTypes, true, nullptr, Load};

}  // namespace atelier
