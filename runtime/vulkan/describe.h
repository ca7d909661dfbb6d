// SPDX-License-Identifier: Apache-2.0
// What `ashlar devices` prints.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace ashlar {

// Every device of this machine with its kind, driver, limits and features, why it cannot be used
// where that is so, and which one is the default under the present ASHLAR_DEVICE (none where
// nothing fits). Throws NoDevice only where no Vulkan driver is installed at all.
nlohmann::json describe_devices();

// The same as text.
std::string describe_devices_text();

}  // namespace ashlar
