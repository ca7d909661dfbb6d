// SPDX-License-Identifier: Apache-2.0
// TableGen backend for ir/array_ops.td: one table row per array operation, for the front end, the
// documentation and the test matrix. The dialect ops themselves come from mlir-tblgen.
//
//   --gen-op-kinds   enumerators of OpKind
//   --gen-op-infos   initialisers of OpInfo (ir/op_info.h)
//   --gen-op-verifiers  one ASHLAR_VERIFY(Class) per op
//   --gen-op-docs    the Markdown reference page
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/TableGen/Error.h"
#include "llvm/TableGen/Main.h"
#include "llvm/TableGen/Record.h"

using namespace llvm;

namespace {

enum class Action { kinds, infos, verifiers, docs };

cl::opt<Action>
    action(cl::desc("What to generate:"),
           cl::values(clEnumValN(Action::kinds, "gen-op-kinds", "OpKind enumerators"),
                      clEnumValN(Action::infos, "gen-op-infos", "OpInfo initialisers"),
                      clEnumValN(Action::verifiers, "gen-op-verifiers", "Verifier definitions"),
                      clEnumValN(Action::docs, "gen-op-docs", "Markdown reference")),
           cl::init(Action::kinds));

struct Argument {
  StringRef name;
  StringRef kind;  // "operand", "operands", or an attribute kind of ir/attributes.h
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
      .Default(constraint.isSubClassOf("Variadic") ? "operands" : "");
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
  }
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
  }
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  InitLLVM init(argc, argv);
  cl::ParseCommandLineOptions(argc, argv);
  return TableGenMain(argv[0], emit);
}
