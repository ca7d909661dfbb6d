// SPDX-License-Identifier: Apache-2.0
// The subcommands of `ashlar`, one file each in commands/.
#pragma once

#include "tools/cli/command.h"

namespace ashlar::cli {

// Register one subcommand each.
void add_chat(CLI::App& app);
void add_compile(CLI::App& app);
void add_devices(CLI::App& app);
void add_embed(CLI::App& app);
void add_generate(CLI::App& app);
void add_graph(CLI::App& app);
void add_inspect(CLI::App& app);
void add_kernels(CLI::App& app);
void add_logits(CLI::App& app);
void add_perplexity(CLI::App& app);
void add_plan(CLI::App& app);
void add_probe(CLI::App& app);
void add_profile(CLI::App& app);
void add_quantize(CLI::App& app);
void add_rerank(CLI::App& app);
void add_template(CLI::App& app);
void add_tokenize(CLI::App& app);
void add_tune(CLI::App& app);

}  // namespace ashlar::cli
