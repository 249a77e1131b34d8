#include "native/nn/make_inr.h"

#include "native/nn/finer.h"
#include "native/nn/kan.h"
#include "native/nn/nerf.h"
#include "native/nn/rff.h"
#include "native/nn/siren.h"
#include "native/nn/wire.h"

namespace fewsound {
namespace {

struct Make {
  std::shared_ptr<Inr> operator()(const KanOptions& options) const {
    return std::make_shared<Kan>(options);
  }
  std::shared_ptr<Inr> operator()(const NerfOptions& options) const {
    return std::make_shared<Nerf>(options);
  }
  std::shared_ptr<Inr> operator()(const SirenOptions& options) const {
    return std::make_shared<Siren>(options);
  }
  std::shared_ptr<Inr> operator()(const FinerOptions& options) const {
    return std::make_shared<Finer>(options);
  }
  std::shared_ptr<Inr> operator()(const RffOptions& options) const {
    return std::make_shared<Rff>(options);
  }
  std::shared_ptr<Inr> operator()(const WireOptions& options) const {
    return std::make_shared<Wire>(options);
  }
};

}  // namespace

std::shared_ptr<Inr> makeInr(const AnyInrOptions& options) { return std::visit(Make{}, options); }

}  // namespace fewsound
