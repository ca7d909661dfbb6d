// SPDX-License-Identifier: Apache-2.0
// TableGen backend for ir/array_ops.td: one table row per array operation, for the front end, the
// documentation and the test matrix. The dialect ops themselves come from mlir-tblgen.
//
//   --gen-op-kinds   enumerators of OpKind
//   --gen-op-infos   initialisers of OpInfo (ir/op_info.h)
//   --gen-op-verifiers  one ASHLAR_VERIFY(Class) per op
//   --gen-op-docs    the Markdown reference page
//   --gen-elementwise-decls, --gen-elementwise-defs   front-end functions of one or two arrays
//   --gen-array-function-decls, --gen-array-function-defs   the other ops, with their attributes
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/TableGen/Error.h"
#include "llvm/TableGen/Main.h"
#include "llvm/TableGen/Record.h"

using namespace llvm;

namespace {

enum class Action {
  kinds,
  infos,
  verifiers,
  docs,
  elementwise_decls,
  elementwise_defs,
  function_decls,
  function_defs,
};

cl::opt<Action> action(
    cl::desc("What to generate:"),
    cl::values(clEnumValN(Action::kinds, "gen-op-kinds", "OpKind enumerators"),
               clEnumValN(Action::infos, "gen-op-infos", "OpInfo initialisers"),
               clEnumValN(Action::verifiers, "gen-op-verifiers", "Verifier definitions"),
               clEnumValN(Action::docs, "gen-op-docs", "Markdown reference"),
               clEnumValN(Action::elementwise_decls, "gen-elementwise-decls",
                          "Elementwise front-end functions"),
               clEnumValN(Action::elementwise_defs, "gen-elementwise-defs", "Their definitions"),
               clEnumValN(Action::function_decls, "gen-array-function-decls",
                          "Front-end functions of the other ops"),
               clEnumValN(Action::function_defs, "gen-array-function-defs", "Their definitions")),
    cl::init(Action::kinds));

struct Argument {
  StringRef name;
  StringRef kind;  // of operands, or an attribute kind of ir/attributes.h
};

StringRef argument_kind(const Record& constraint) {
  return StringSwitch<StringRef>(constraint.getName())
      .Case("AnyRankedTensor", "operand")
      .Case("DenseI64ArrayAttr", "integers")
      .Case("I64Attr", "integer")
      .Case("BoolAttr", "boolean")
      .Case("F64Attr", "real")
      .Case("TypeAttr", "dtype")
      .Case("StrArrayAttr", "strings")
      .Case("FlatSymbolRefAttr", "symbol")
      .Case("ElementsAttr", "elements")
      .Default(constraint.isSubClassOf("Variadic")   ? "operands"
               : constraint.isSubClassOf("Optional") ? "optional_operand"
                                                     : "");
}

std::vector<Argument> arguments_of(const Record& op) {
  std::vector<Argument> arguments;
  const DagInit* dag = op.getValueAsDag("arguments");
  for (unsigned i = 0; i < dag->getNumArgs(); ++i) {
    const Record& constraint = *cast<DefInit>(dag->getArg(i))->getDef();
    StringRef kind = argument_kind(constraint);
    if (kind.empty())
      PrintFatalError(op.getLoc(), "argument '" + dag->getArgNameStr(i) + "' of op '" +
                                       op.getValueAsString("opName") +
                                       "': the op table has no kind for " + constraint.getName());
    arguments.push_back({dag->getArgNameStr(i), kind});
  }
  return arguments;
}

StringRef class_of(const Record& op) {
  return op.getValueAsDef("opClass")->getValueAsString("name");
}

std::vector<StringRef> dtypes_of(const Record& op) {
  return op.getValueAsDef("dtypes")->getValueAsListOfStrings("names");
}

void emit_kinds(ArrayRef<const Record*> ops, raw_ostream& os) {
  for (const Record* op : ops)
    os << op->getValueAsString("opName") << ",\n";
}

void emit_infos(ArrayRef<const Record*> ops, raw_ostream& os) {
  for (const Record* op : ops) {
    const Record& derivative = *op->getValueAsDef("derivative");
    StringRef rule = op->getValueAsString("inferRule");
    os << "{OpKind::" << op->getValueAsString("opName") << ", \"" << op->getValueAsString("opName")
       << "\", OpClass::" << class_of(*op) << ", {";
    for (const Argument& a : arguments_of(*op))
      os << "{\"" << a.name << "\", ArgumentKind::" << a.kind << "}, ";
    os << "}, {";
    for (StringRef dtype : dtypes_of(*op))
      os << "DType::" << (dtype == "bool" ? "boolean" : dtype) << ", ";
    os << "}, " << (rule.empty() ? std::string("nullptr") : ("infer_" + rule).str()) << ", \""
       << derivative.getValueAsString("rule") << "\", \"" << derivative.getValueAsString("reason")
       << "\", \"";
    printEscapedString(op->getValueAsString("summary"), os);
    os << "\"},\n";
  }
}

void emit_verifiers(ArrayRef<const Record*> ops, raw_ostream& os) {
  for (const Record* op : ops)
    os << "ASHLAR_VERIFY(" << op->getName() << ")\n";
}

void emit_docs(ArrayRef<const Record*> ops, raw_ostream& os) {
  os << "# Array operations\n\nGenerated from `ir/array_ops.td`.\n";
  StringRef current;
  for (const Record* op : ops) {
    if (class_of(*op) != current) {
      current = class_of(*op);
      os << "\n## " << current << "\n";
    }
    os << "\n### `" << op->getValueAsString("opName") << "(";
    ListSeparator comma;
    for (const Argument& a : arguments_of(*op))
      os << comma << a.name << (a.kind == "operand" ? "" : (": " + a.kind).str());
    os << ")`\n\n" << op->getValueAsString("summary") << ".\n";
    std::string text = op->getValueAsString("description").trim().str();
    if (!text.empty()) {
      os << "\n";
      for (StringRef line : split(text, '\n'))
        os << line.trim() << "\n";
    }
    os << "\nElement types: " << join(dtypes_of(*op), ", ") << ".\n";
    const Record& derivative = *op->getValueAsDef("derivative");
    StringRef reason = derivative.getValueAsString("reason");
    os << "\nDerivative: "
       << (reason.empty() ? "rule `" + derivative.getValueAsString("rule") + "`"
                          : "none, " + reason)
       << ".\n";
  }
}

// ---- Front-end functions

StringRef parameter_type(StringRef kind) {
  return StringSwitch<StringRef>(kind)
      .Case("operand", "const Array&")
      .Case("operands", "const std::vector<Array>&")
      .Case("optional_operand", "const std::optional<Array>&")
      .Case("boolean", "bool")
      .Case("integer", "std::int64_t")
      .Case("integers", "const std::vector<std::int64_t>&")
      .Case("real", "double")
      .Case("dtype", "DType")
      .Default("");
}

// Elementwise ops of arrays alone broadcast and promote their operands.
bool is_broadcasting(const Record& op) {
  const std::vector<Argument> arguments = arguments_of(op);
  return class_of(op) == "elementwise" && arguments.size() <= 2 &&
         all_of(arguments, [](const Argument& a) { return a.kind == "operand"; });
}

// The other ops, unless the front end builds them by hand (constants, weights, states).
bool has_plain_function(const Record& op) {
  return !is_broadcasting(op) && all_of(arguments_of(op), [](const Argument& a) {
    return !parameter_type(a.kind).empty();
  });
}

std::string signature(const Record& op) {
  const bool broadcasting = is_broadcasting(op);
  std::string text = ("Array " + op.getValueAsString("opName") + "(").str();
  ListSeparator comma;
  for (const Argument& a : arguments_of(op))
    text += (StringRef(comma) + (broadcasting ? "const Operand&" : parameter_type(a.kind)) + " " +
             a.name)
                .str();
  return text + ")";
}

void emit_decl(const Record& op, raw_ostream& os) {
  os << "// " << op.getValueAsString("summary") << ".\n" << signature(op) << ";\n";
}

void emit_elementwise_def(const Record& op, raw_ostream& os) {
  os << signature(op) << " {\n  return elementwise(OpKind::" << op.getValueAsString("opName")
     << ", {";
  ListSeparator comma;
  for (const Argument& a : arguments_of(op))
    os << comma << a.name;
  os << "});\n}\n";
}

void emit_function_def(const Record& op, raw_ostream& os) {
  std::vector<std::string> operands, attributes;
  bool variadic = false;
  StringRef optional;
  for (const Argument& a : arguments_of(op)) {
    variadic |= a.kind == "operands";
    if (a.kind == "optional_operand")
      optional = a.name;
    else if (a.kind == "operand" || a.kind == "operands")
      operands.push_back(a.name.str());
    else
      attributes.push_back(("{\"" + a.name + "\", " + a.name + "}").str());
  }
  os << signature(op) << " {\n  std::vector<Array> operands"
     << (variadic ? " = " + operands[0] : "{" + join(operands, ", ") + "}") << ";\n";
  if (!optional.empty())
    os << "  if (" << optional << ")\n    operands.push_back(*" << optional << ");\n";
  os << "  return apply(OpKind::" << op.getValueAsString("opName") << ", std::move(operands), {"
     << join(attributes, ", ") << "});\n}\n";
}

void emit_selected(ArrayRef<const Record*> ops, raw_ostream& os,
                   function_ref<bool(const Record&)> selects,
                   function_ref<void(const Record&, raw_ostream&)> emit_one) {
  for (const Record* op : ops)
    if (selects(*op))
      emit_one(*op, os);
}

bool emit(raw_ostream& os, const RecordKeeper& records) {
  // In the order of the file: ids of definitions grow as they are read.
  std::vector<const Record*> ops(records.getAllDerivedDefinitions("Array_Op"));
  llvm::sort(ops, [](const Record* a, const Record* b) { return a->getID() < b->getID(); });
  switch (action) {
  case Action::kinds:
    emit_kinds(ops, os);
    break;
  case Action::infos:
    emit_infos(ops, os);
    break;
  case Action::verifiers:
    emit_verifiers(ops, os);
    break;
  case Action::docs:
    emit_docs(ops, os);
    break;
  case Action::elementwise_decls:
    emit_selected(ops, os, is_broadcasting, emit_decl);
    break;
  case Action::elementwise_defs:
    emit_selected(ops, os, is_broadcasting, emit_elementwise_def);
    break;
  case Action::function_decls:
    emit_selected(ops, os, has_plain_function, emit_decl);
    break;
  case Action::function_defs:
    emit_selected(ops, os, has_plain_function, emit_function_def);
    break;
  }
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  InitLLVM init(argc, argv);
  cl::ParseCommandLineOptions(argc, argv);
  return TableGenMain(argv[0], emit);
}
