// RUN: ashlar-opt %s --ashlar-form-kernels -split-input-file -verify-diagnostics

func.func @first_axis(%x: tensor<2x3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{reduces axes that are not the last ones; run ashlar-simplify first}}
  %y = ashlar.reduce_sum %x {axes = array<i64: 0>, keepdims = false} : (tensor<2x3xf32>) -> tensor<3xf32>
  return %y : tensor<3xf32>
}

// -----

ashlar.state @cache : tensor<?x4xf32> {capacity = 8 : i64, residency = "state"}

func.func @old_cache_after_update(%rows: tensor<1x4xf32>, %at: tensor<1x1xi32>, %i: tensor<1xi32>) -> tensor<1x4xf32> {
  %old = ashlar.state_read @cache : tensor<?x4xf32>
  // expected-error @+1 {{needs the old contents of a growable state after their update}}
  %new = ashlar.scatter %old, %at, %rows {axis = 0 : i64} : (tensor<?x4xf32>, tensor<1x1xi32>, tensor<1x4xf32>) -> tensor<?x4xf32>
  %y = ashlar.take %new, %i {axis = 0 : i64} : (tensor<?x4xf32>, tensor<1xi32>) -> tensor<1x4xf32>
  return %y : tensor<1x4xf32>
}

// -----

ashlar.state @cache : tensor<?x4xf32> {capacity = 8 : i64, residency = "state"}

func.func @arithmetic_on_growable_state() {
  %old = ashlar.state_read @cache : tensor<?x4xf32>
  // expected-error @+1 {{only scatter, take and attention may use a growable state}}
  %new = ashlar.neg %old : (tensor<?x4xf32>) -> tensor<?x4xf32>
  ashlar.state_write @cache, %new : tensor<?x4xf32>
  return
}

// -----

func.func @foreign_op(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{does not belong into an entry's array graph}}
  %y = arith.addf %x, %x : tensor<4xf32>
  return %y : tensor<4xf32>
}
