#include "native/nn/networks.h"

#include "native/nn/finer.h"
#include "native/nn/kan.h"
#include "native/nn/nerf.h"
#include "native/nn/rff.h"
#include "native/nn/siren.h"
#include "native/nn/wire.h"

namespace fewsound {

template <>
const std::vector<Kind<Inr>>& AnyInrOptions::rows() {
  static const std::vector<Kind<Inr>> rows{
      kindOf<Kan, Inr>("kan", "KanOptions", KanOptions{}),
      kindOf<Nerf, Inr>("nerf", "NerfOptions", NerfOptions{}),
      kindOf<Siren, Inr>("siren", "SirenOptions", SirenOptions{}),
      kindOf<Rff, Inr>("rff", "RffOptions", RffOptions{}),
      kindOf<Finer, Inr>("finer", "FinerOptions", FinerOptions{}),
      kindOf<Wire, Inr>("wire", "WireOptions", WireOptions{}),
  };
  return rows;
}

std::shared_ptr<Inr> makeInr(const AnyInrOptions& options) { return options.make(); }

}  // namespace fewsound
