#include <ATen/ATen.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "native/distributed/process_group.h"
#include "native/train/trainer.h"
#include "test/native/check.h"

using fewsound::ProcessGroup;
using fewsound::ProcessGroupOptions;

namespace {

using Seconds = std::chrono::duration<double>;

/// A socket that listens at a port of the loopback interface which was free.
class Listener {
 public:
  Listener() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_ANY);
    socklen_t length = sizeof(address_);
    auto* address = reinterpret_cast<sockaddr*>(&address_);
    if (::bind(socket_, address, length) != 0 || ::listen(socket_, 1) != 0 ||
        ::getsockname(socket_, address, &length) != 0) {
      throw std::runtime_error("no free port");
    }
  }
  ~Listener() { ::close(socket_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  int port() const { return ntohs(address_.sin_port); }

 private:
  int socket_;
  sockaddr_in address_{};
};

ProcessGroupOptions optionsFor(int rank, int size, double timeoutSeconds = 20.0) {
  ProcessGroupOptions options;
  options.rank = rank;
  options.size = size;
  options.masterAddress = "127.0.0.1";
  options.timeoutSeconds = timeoutSeconds;
  return options;
}

/// Each rank on a thread of its own; what it threw, or "".
std::vector<std::string> inGroup(int size, const std::function<void(ProcessGroup&)>& body,
                                 double timeoutSeconds = 20.0) {
  const int port = Listener().port();
  std::vector<std::string> errors(size);
  std::vector<std::thread> threads;
  threads.reserve(size);
  for (int rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] {
      try {
        ProcessGroupOptions options = optionsFor(rank, size, timeoutSeconds);
        options.masterPort = port;
        body(*ProcessGroup::join(options));
      } catch (const std::exception& error) {
        errors[rank] = error.what();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return errors;
}

bool noneFailed(const std::vector<std::string>& errors) {
  bool none = true;
  for (const std::string& error : errors) {
    if (error.empty()) continue;
    none = false;
    std::cerr << "  " << error << "\n";
  }
  return none;
}

bool holds(const std::string& text, const std::string& part) {
  if (text.find(part) != std::string::npos) return true;
  std::cerr << "  lacks \"" << part << "\": " << text << "\n";
  return false;
}

at::Tensor seeded(int seed, at::IntArrayRef shape) {
  at::Generator generator = at::globalContext().defaultGenerator(at::kCPU).clone();
  generator.set_current_seed(seed);
  return at::randn(shape, generator, at::kFloat);
}

}  // namespace

TEST(theMeanOfGradientsIsThatOfAllRanks) {
  constexpr int kRanks = 3;
  // Several buckets, a tensor that is taken where it is, one that is not contiguous, other dtypes.
  const auto gradients = [](int rank) {
    std::vector<at::Tensor> list;
    list.reserve(36);
    for (int i = 0; i < 30; ++i) list.push_back(seeded(100 * rank + i, {300'000}));
    list.push_back(seeded(100 * rank + 40, {1500, 1000}));
    list.push_back(seeded(100 * rank + 41, {7, 5}).t());
    list.push_back(seeded(100 * rank + 42, {4}).to(at::kDouble));
    list.push_back(at::view_as_complex(seeded(100 * rank + 43, {6, 2})));
    list.push_back(at::empty({0}));
    list.push_back(at::scalar_tensor(rank));
    return list;
  };
  std::vector<std::vector<at::Tensor>> results(kRanks);
  const auto errors = inGroup(kRanks, [&](ProcessGroup& group) {
    // Twice: the second time the buckets are there.
    for (int time = 0; time < 2; ++time) {
      std::vector<at::Tensor> mine = gradients(group.rank());
      group.allReduceMean(mine);
      if (time == 1) CHECK(mine[0].equal(results[group.rank()][0]));
      results[group.rank()] = std::move(mine);
    }
    group.close();
  });
  CHECK(noneFailed(errors));
  const auto [a, b, c] = std::tuple(gradients(0), gradients(1), gradients(2));
  for (size_t i = 0; i < a.size(); ++i) {
    const at::Tensor expected = (a[i] + b[i] + c[i]) / kRanks;
    CHECK(at::allclose(results[0][i], expected, 1e-5, 1e-6));
    CHECK(results[0][i].equal(results[1][i]) && results[0][i].equal(results[2][i]));
  }
}

/// The gradient is a rank's input, and so is the statistic that a step leaves.
class RankObjective final : public fewsound::Objective {
 public:
  fewsound::NamedTensors parameters() const override { return {{"weight", weight_}}; }
  double accumulate(const fewsound::Batch& batch) override {
    weight_.mutable_grad() = batch.audio.front().clone();
    statistic_.copy_(batch.audio.front());
    return 0.0;
  }
  std::vector<at::Tensor> statistics() const override { return {statistic_}; }
  const at::Tensor& statistic() const { return statistic_; }

 private:
  at::Tensor weight_ = at::zeros({2}, at::kDouble).requires_grad_();
  at::Tensor statistic_ = at::ones({2}, at::kDouble);
};

TEST(aStepHasTheMeanOfAllRanksStatisticsUnlessThereIsNoUpdate) {
  constexpr int kRanks = 3;
  std::vector<at::Tensor> found(kRanks);
  std::vector<at::Tensor> refused(kRanks);
  CHECK(noneFailed(inGroup(kRanks, [&](ProcessGroup& group) {
    const auto objective = std::make_shared<RankObjective>();
    fewsound::Trainer trainer(objective, {});
    const fewsound::ScheduledRate rate{.learningRate = 1e-3, .beta1 = 0.9};
    const auto input = [&](double second) {
      return fewsound::Batch{
          .audio = {at::tensor({static_cast<double>(group.rank()), second}, at::kDouble)}};
    };
    trainer.step(input(std::nan("")), rate, &group);
    refused[group.rank()] = objective->statistic().clone();
    trainer.step(input(6.0), rate, &group);
    found[group.rank()] = objective->statistic().clone();
  })));
  for (int rank = 0; rank < kRanks; ++rank) {
    CHECK(refused[rank].equal(at::ones({2}, at::kDouble)));
    CHECK(found[rank].equal(at::tensor({1.0, 6.0}, at::kDouble)));
  }
}

TEST(aBroadcastGivesRootsTensorsToAll) {
  std::vector<std::vector<at::Tensor>> results(2);
  const auto errors = inGroup(2, [&](ProcessGroup& group) {
    std::vector<at::Tensor>& mine = results[group.rank()];
    mine = {at::full({3, 2}, group.rank(), at::kFloat).requires_grad_(),
            seeded(group.rank(), {1500, 1000}), at::full({5}, group.rank() == 1, at::kBool),
            at::full({2, 3}, 7 + group.rank(), at::kLong).t(),
            at::view_as_complex(seeded(group.rank(), {6, 2}).to(at::kDouble))};
    const auto version = mine[1]._version();
    group.broadcast(mine, 1);
    CHECK(mine[1]._version() > version);
    CHECK(mine[0].requires_grad() && mine[0].is_leaf());
    group.close();
  });
  CHECK(noneFailed(errors));
  CHECK(results[0][0].equal(at::ones({3, 2})));
  CHECK(results[0][3].equal(at::full({3, 2}, 8, at::kLong)));
  for (size_t i = 0; i < results[0].size(); ++i) CHECK(results[0][i].equal(results[1][i]));
}

TEST(numbersAreSummedInTheOrderOfTheRanks) {
  const double values[]{1e16, 1.0, -1e16};
  const double expected = 1e16 + 1.0 - 1e16;
  const auto errors = inGroup(3, [&](ProcessGroup& group) {
    const auto sums = group.allReduceSum({values[group.rank()], 1.0});
    CHECK(sums.size() == 2 && sums[0] == expected && sums[1] == 3.0);
    CHECK(group.allReduceSum({}).empty());
    CHECK(group.any(group.rank() == 2));
    CHECK(!group.any(false));
    group.barrier();
    CHECK(group.open());
    group.close();
    CHECK(!group.open());
    group.close();
  });
  CHECK(noneFailed(errors));
}

TEST(aGroupOfOneIsAGroup) {
  const auto errors = inGroup(1, [](ProcessGroup& group) {
    at::Tensor tensor = at::ones({3});
    group.allReduceMean({tensor});
    group.broadcast({tensor}, 0);
    CHECK(tensor.equal(at::ones({3})));
    CHECK(group.allReduceSum({2.5})[0] == 2.5);
  });
  CHECK(noneFailed(errors));
}

TEST(aRankThatIsGoneEndsTheOthersAtOnce) {
  const auto start = std::chrono::steady_clock::now();
  const auto errors = inGroup(3, [](ProcessGroup& group) {
    group.barrier();
    if (group.rank() == 1) return;  // without close, as when its process ends
    for (int i = 0; i < 1000; ++i) group.allReduceMean({at::ones({1000})});
  });
  CHECK(Seconds(std::chrono::steady_clock::now() - start).count() < 10.0);
  CHECK(errors[1].empty());
  for (const int rank : {0, 2}) {
    CHECK(holds(errors[rank], "rank " + std::to_string(rank) + " of 3: mean failed after"));
    CHECK(holds(errors[rank], "its own output says why"));
  }
}

TEST(aRankThatHangsEndsTheOthersAfterTheTimeout) {
  const auto start = std::chrono::steady_clock::now();
  const auto errors = inGroup(
      2,
      [](ProcessGroup& group) {
        if (group.rank() == 1) {
          std::this_thread::sleep_for(std::chrono::seconds(3));
          CHECK_THROWS(group.barrier(), "rank 1 of 2: barrier failed");
          return;
        }
        CHECK_THROWS(group.barrier(), "imed out");
        CHECK_THROWS(group.barrier(), "the process group has already ended: rank 0 of 2: barrier");
        CHECK(!group.open());
        group.close();
      },
      1.0);
  CHECK(noneFailed(errors));
  CHECK(Seconds(std::chrono::steady_clock::now() - start).count() < 10.0);
}

TEST(ranksThatDoDifferentThingsAreTold) {
  const auto different = [](const std::function<void(ProcessGroup&)>& first,
                            const std::function<void(ProcessGroup&)>& second) {
    return inGroup(2, [&](ProcessGroup& group) { (group.rank() == 0 ? first : second)(group); });
  };
  auto errors = different([](ProcessGroup& group) { group.barrier(); },
                          [](ProcessGroup& group) { group.any(true); });
  CHECK(holds(errors[0], "rank 1 is in any and rank 0 in barrier"));
  CHECK(holds(errors[1], "rank 0 is in barrier and rank 1 in any"));
  errors = different([](ProcessGroup& group) { group.allReduceMean({at::ones({1000})}); },
                     [](ProcessGroup& group) { group.allReduceMean({at::ones({10})}); });
  CHECK(holds(errors[0], "with different shapes or dtypes"));
  errors = different([](ProcessGroup& group) { (void)group.allReduceSum({1.0}); },
                     [](ProcessGroup& group) { (void)group.allReduceSum({1.0, 2.0}); });
  CHECK(holds(errors[1], "rank 0 gives 1 and rank 1 gives 2 numbers"));
  errors = different([](ProcessGroup& group) { group.broadcast({at::ones({2})}, 0); },
                     [](ProcessGroup& group) { group.broadcast({at::ones({2})}, 1); });
  CHECK(holds(errors[0], "with different roots"));
  errors = different([](ProcessGroup& group) { group.close(); },
                     [](ProcessGroup& group) { group.barrier(); });
  CHECK(errors[0].empty());
  CHECK(holds(errors[1], "rank 0 is in close and rank 1 in barrier"));
}

TEST(aSecondThreadIsRefused) {
  const auto errors = inGroup(2, [](ProcessGroup& group) {
    if (group.rank() == 1) {
      std::this_thread::sleep_for(std::chrono::seconds(1));
      group.barrier();
      group.close();
      return;
    }
    std::thread waiting([&] { group.barrier(); });
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    CHECK_THROWS(group.any(true), "wait for that one first");
    group.leave();  // not while it runs
    CHECK(group.open());
    waiting.join();
    group.close();
  });
  CHECK(noneFailed(errors));
}

TEST(wrongOptionsAreErrors) {
  const auto with = [](const std::function<void(ProcessGroupOptions&)>& change) {
    ProcessGroupOptions options = optionsFor(0, 2);
    change(options);
    return ProcessGroup::join(options);
  };
  CHECK_THROWS(with([](auto& options) { options.rank = 2; }), "rank is 2; expected 0 to 1");
  CHECK_THROWS(with([](auto& options) { options.size = 0; }), "size is 0");
  CHECK_THROWS(with([](auto& options) { options.masterAddress = ""; }), "masterAddress is empty");
  CHECK_THROWS(with([](auto& options) { options.masterPort = 70'000; }), "masterPort is 70000");
  CHECK_THROWS(with([](auto& options) { options.timeoutSeconds = std::nan(""); }),
               "timeoutSeconds is nan");
  CHECK_THROWS(with([](auto& options) { options.backend = "mpi"; }), "backend is mpi");
  const auto errors = inGroup(2, [](ProcessGroup& group) {
    CHECK_THROWS(group.broadcast({at::ones({1})}, 2), "root is 2");
    CHECK_THROWS(group.broadcast({at::Tensor()}, 0), "dense tensors");
    CHECK_THROWS(group.allReduceMean({at::ones({1}, at::kLong)}), "expected floating point");
    group.barrier();  // none of which ends the group
    group.close();
  });
  CHECK(noneFailed(errors));
}

TEST(joiningAloneIsAnErrorThatSaysWhatToSee) {
  const int port = Listener().port();
  for (const int rank : {0, 1}) {
    ProcessGroupOptions options = optionsFor(rank, 2, 1.0);
    options.masterPort = port;
    const auto start = std::chrono::steady_clock::now();
    CHECK_THROWS(ProcessGroup::join(options), "Check that all 2 ranks are running");
    CHECK(Seconds(std::chrono::steady_clock::now() - start).count() < 20.0);
  }
  const Listener taken;
  ProcessGroupOptions options = optionsFor(0, 2, 1.0);
  options.masterPort = taken.port();
  CHECK_THROWS(ProcessGroup::join(options), "use another port");
}
