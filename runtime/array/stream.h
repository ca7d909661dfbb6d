// SPDX-License-Identifier: Apache-2.0
// Queues of work, each on a device of its own. What is evaluated on one stream runs in the order in
// which it was asked for; streams do not wait for each other, also where they share a GPU. An array
// lies on the stream that evaluated it: using it in the work of another one is an InvalidArgument,
// and to_stream copies it. Arrays made from host memory and what was never evaluated may be used
// on any, and every array may be read from everywhere.
//
//     const Stream second("1");                   // the device `ashlar devices` lists as 1
//     Array y = [&] {
//       const StreamScope scope(second);
//       Array y = matmul(to_stream(x, second), w);
//       async_eval(y);                            // on the second device
//       return y;
//     }();
//
// Thread-safety: from any thread. Which stream is current is a matter of each thread.
#pragma once

#include "runtime/array/array.h"

#include <string>

namespace ashlar {

class Context;
struct DeviceProfile;

class Stream {
public:
  // Opens a device, chosen as by ASHLAR_DEVICE; "" stands for the value of that. Device, memory and
  // compiled programs stay until the process ends, so streams are few. Throws NoDevice.
  explicit Stream(const std::string& selector = {});
  // The one that this thread works on: at first the default stream, which all threads share.
  static Stream current();

  const DeviceProfile& device() const;
  // Waits until all that was evaluated on it has finished.
  void synchronize() const;
  bool operator==(const Stream&) const = default;

private:
  friend class StreamScope;
  friend Stream stream_of(const Array& array);
  friend Array to_stream(const Array& array, const Stream& stream);
  explicit Stream(Context& context) : context_(&context) {}

  Context* context_;
};

// While one lives, this thread evaluates, calls closures, and reads and updates states on the
// stream. A state has contents of its own on each stream.
class StreamScope {
public:
  explicit StreamScope(const Stream& stream);
  ~StreamScope();
  StreamScope(const StreamScope&) = delete;
  StreamScope& operator=(const StreamScope&) = delete;

private:
  Context* before_;
};

// Where an array lies; evaluates it.
Stream stream_of(const Array& array);
// The array itself where it lies there already, else a copy by way of the host, for which this
// waits. Evaluates.
Array to_stream(const Array& array, const Stream& stream);

}  // namespace ashlar
