// SPDX-License-Identifier: Apache-2.0
#include "tools/measure/entry_profile.h"

#include "runtime/program/error.h"
#include "tools/measure/statistics.h"
#include "tools/measure/wake.h"

#include <algorithm>
#include <charconv>

namespace ashlar {
namespace {

constexpr double kSubmitSeconds = 0.05;  // as Generator fills its submits
constexpr double kTotalSeconds = 5;      // of one kind of replays
constexpr int kFewestReplays = 3;

// "prefill_512" to 512, anything else to 1.
std::int64_t tokens_of(const std::string& entry) {
  constexpr std::string_view kPrefix = "prefill_";
  std::int64_t tokens = 1;
  if (entry.starts_with(kPrefix))
    std::from_chars(entry.data() + kPrefix.size(), entry.data() + entry.size(), tokens);
  return tokens;
}

class EntryProfiler {
public:
  EntryProfiler(DecoderRuntime& runtime, const EntryProfileOptions& options)
      : runtime_(runtime), options_(options),
        index_(runtime.executor().entry_index(options.entry)) {}

  EntryProfile run() {
    EntryProfile profile{.entry = options_.entry,
                         .context = options_.context,
                         .tokens = tokens_of(options_.entry) * runtime_.batch()};
    run_plain();  // drivers compile when a kernel runs first
    double seconds = 0;
    wake(runtime_.device(), [&] { seconds = run_plain(); });
    choose_amounts(seconds);
    std::vector<double> plain, outside;
    std::vector<ProfiledRun> runs;
    // In turns, so that both see the same clocks and neighbours.
    for (int i = 0; i < replays_; ++i) {
      plain.push_back(run_plain());
      stage();
      const ProfiledRun& run =
          runs.emplace_back(runtime_.executor().profile(index_, {}, {}, repeat_));
      const CommandTime& last = run.commands.back();
      outside.push_back((run.nanoseconds - last.start - last.nanoseconds) * 1e-9 / repeat_);
    }
    profile.runs_per_submit = repeat_;
    profile.replays = replays_;
    profile.plain = median(plain);
    profile.outside = median(outside);
    profile.commands = medians(runs);
    profile.statistics = statistics();
    return profile;
  }

private:
  void stage() { runtime_.stage(options_.entry, options_.context, repeat_); }

  // Seconds of one run.
  double run_plain() {
    stage();
    return seconds_of([&] { runtime_.executor().run_and_wait(index_, {}, {}, repeat_); }) / repeat_;
  }

  // Prefill computes other positions in each run, so one of them fills a submit.
  void choose_amounts(double seconds) {
    if (options_.entry == "decode") {
      const auto most =
          std::min(runtime_.max_steps(),
                   std::max<std::int64_t>(runtime_.max_positions() - options_.context, 1));
      repeat_ = static_cast<std::uint32_t>(
          std::clamp<std::int64_t>(static_cast<std::int64_t>(kSubmitSeconds / seconds), 1, most));
    }
    const double fitting = kTotalSeconds / (seconds * repeat_);
    replays_ = fitting >= options_.replays ? options_.replays
                                           : std::max(static_cast<int>(fitting),
                                                      std::min(kFewestReplays, options_.replays));
  }

  // The commands of one run, the first behind its gap to the run before it.
  std::vector<CommandTime> medians(const std::vector<ProfiledRun>& runs) const {
    const std::size_t count = runs.front().commands.size() / repeat_;
    std::vector<CommandTime> commands(runs.front().commands.begin(),
                                      runs.front().commands.begin() +
                                          static_cast<std::ptrdiff_t>(count));
    double start = 0;
    for (std::size_t i = 0; i < count; ++i) {
      std::vector<double> durations, gaps;
      for (const ProfiledRun& run : runs)
        for (std::size_t at = i; at < run.commands.size(); at += count) {
          durations.push_back(run.commands[at].nanoseconds);
          if (at > 0)
            gaps.push_back(run.commands[at].start - run.commands[at - 1].start -
                           run.commands[at - 1].nanoseconds);
        }
      start += gaps.empty() ? 0 : median(gaps);
      commands[i].start = start;
      commands[i].nanoseconds = median(durations);
      start += commands[i].nanoseconds;
    }
    return commands;
  }

  std::map<std::string, std::vector<PipelineStatistic>> statistics() const {
    std::map<std::string, std::vector<PipelineStatistic>> statistics;
    if (!runtime_.device().physical().pipeline_statistics)
      return statistics;
    const Program& program = runtime_.executor().program();
    for (const Command& command : program.entries[index_].commands)
      if (const auto* dispatch = std::get_if<Dispatch>(&command)) {
        const Kernel& kernel = program.kernels[dispatch->kernel];
        if (!statistics.contains(kernel.name))
          statistics[kernel.name] = pipeline_statistics(runtime_.device(), kernel);
      }
    return statistics;
  }

  DecoderRuntime& runtime_;
  const EntryProfileOptions& options_;
  std::uint32_t index_;
  std::uint32_t repeat_ = 1;
  int replays_ = 1;
};

}  // namespace

EntryProfile profile_entry(DecoderRuntime& runtime, const EntryProfileOptions& options) {
  if (options.replays < 1)
    throw InvalidArgument("profile", "expected at least one replay, got {}", options.replays);
  return EntryProfiler(runtime, options).run();
}

}  // namespace ashlar
