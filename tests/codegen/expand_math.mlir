// RUN: ashlar-opt %s --ashlar-expand-math | FileCheck %s

// Accuracy is measured by expand_math_test.cpp; here: which ops go, and which stay.

// CHECK-LABEL: func.func @expanded
// CHECK-NOT:     math.{{exp|log|sin|cos|tan|erf|powf|atan2|trunc}}
// CHECK:         return
func.func @expanded(%x: f32, %v: vector<3xf32>) -> (f32, vector<3xf32>) {
  %0 = math.exp %x : f32
  %1 = math.exp2 %0 : f32
  %2 = math.expm1 %1 : f32
  %3 = math.log %2 : f32
  %4 = math.log2 %3 : f32
  %5 = math.log1p %4 : f32
  %6 = math.powf %5, %x : f32
  %7 = math.atan2 %6, %x : f32
  %8 = math.sin %v : vector<3xf32>
  %9 = math.cos %8 : vector<3xf32>
  %10 = math.tan %9 : vector<3xf32>
  %11 = math.tanh %10 : vector<3xf32>
  %12 = math.erf %11 : vector<3xf32>
  %13 = math.trunc %12 : vector<3xf32>
  return %7, %13 : f32, vector<3xf32>
}

// What drivers compute exactly, and other element types, are left alone.
// CHECK-LABEL: func.func @kept
// CHECK:         math.sqrt
// CHECK:         math.floor
// CHECK:         math.ceil
// CHECK:         math.roundeven
// CHECK:         math.fma
// CHECK:         math.exp %{{.+}} : f16
func.func @kept(%x: f32, %h: f16) -> (f32, f16) {
  %0 = math.sqrt %x : f32
  %1 = math.floor %0 : f32
  %2 = math.ceil %1 : f32
  %3 = math.roundeven %2 : f32
  %4 = math.fma %3, %x, %x : f32
  %5 = math.exp %h : f16
  return %4, %5 : f32, f16
}
