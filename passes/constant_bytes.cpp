// SPDX-License-Identifier: Apache-2.0
#include "passes/constant_bytes.h"

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;

namespace ashlar {

static void append(std::vector<std::int8_t>& bytes, const APInt& value) {
  const unsigned size = (value.getBitWidth() + 7) / 8;
  const APInt wide = value.zext(size * 8);
  for (unsigned i = 0; i < size; ++i)
    bytes.push_back(static_cast<std::int8_t>(wide.extractBitsAsZExtValue(8, i * 8)));
}

std::optional<std::vector<std::int8_t>> constant_bytes(ElementsAttr value) {
  std::vector<std::int8_t> bytes;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    const AsmResourceBlob* blob = resource.getRawHandle().getBlob();
    if (!blob)
      return std::nullopt;
    const ArrayRef<char> data = blob->getData();
    bytes.assign(data.begin(), data.end());
    return bytes;
  }
  auto dense = dyn_cast<DenseElementsAttr>(value);
  if (!dense)
    return std::nullopt;
  if (isa<FloatType>(dense.getElementType()))
    for (const APFloat& element : dense.getValues<APFloat>())
      append(bytes, element.bitcastToAPInt());
  else
    for (const APInt& element : dense.getValues<APInt>())
      append(bytes, element);
  return bytes;
}

}  // namespace ashlar
