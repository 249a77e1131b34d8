#include "binding/network_options.h"

#include <string>

#include "binding/convert.h"

namespace fewsound::binding {

void readCommon(const OptionReader& from, InrOptions& into) {
  from.read("seed", into.seed);
  from.read("dtype", into.dtype);
}

namespace {

AnyInrOptions kanOptions(const OptionReader& from) {
  KanOptions options;
  readCommon(from, options);
  from.read("layers", options.layers);
  from.read("encoding", options.encoding);
  from.read("learnableEncoding", options.learnableEncoding);
  from.read("grid", options.grid);
  from.read("order", options.order);
  from.read("gridLower", options.gridLower);
  from.read("gridUpper", options.gridUpper);
  from.read("scaleSpline", options.scaleSpline);
  from.read("initNoise", options.initNoise);
  return options;
}

AnyInrOptions nerfOptions(const OptionReader& from) {
  NerfOptions options;
  readCommon(from, options);
  from.read("layers", options.layers);
  from.read("encoding", options.encoding);
  from.read("learnableEncoding", options.learnableEncoding);
  return options;
}

AnyInrOptions sirenOptions(const OptionReader& from) {
  SirenOptions options;
  readCommon(from, options);
  from.read("layers", options.layers);
  from.read("omega0", options.omega0);
  from.read("omega", options.omega);
  from.read("learnableOmega", options.learnableOmega);
  from.read("gradientFix", options.gradientFix);
  return options;
}

AnyInrOptions finerOptions(const OptionReader& from) {
  FinerOptions options;
  readCommon(from, options);
  from.read("layers", options.layers);
  from.read("omega0", options.omega0);
  from.read("omega", options.omega);
  from.read("learnableOmega", options.learnableOmega);
  from.read("biasScale", options.biasScale);
  return options;
}

AnyInrOptions rffOptions(const OptionReader& from) {
  RffOptions options;
  readCommon(from, options);
  from.read("layers", options.layers);
  from.read("frequencies", options.frequencies);
  from.read("sigma", options.sigma);
  return options;
}

AnyInrOptions wireOptions(const OptionReader& from) {
  WireOptions options;
  readCommon(from, options);
  from.read("layers", options.layers);
  from.read("omega0", options.omega0);
  from.read("omega", options.omega);
  from.read("scale", options.scale);
  from.read("learnableOmega", options.learnableOmega);
  return options;
}

}  // namespace

AnyInrOptions networkOptions(napi_env env, napi_value kind, napi_value options) {
  const std::string name = toText({env, "kind"}, kind);
  const OptionReader reader(env, options, "options");
  if (name == "kan") return kanOptions(reader);
  if (name == "nerf") return nerfOptions(reader);
  if (name == "siren") return sirenOptions(reader);
  if (name == "finer") return finerOptions(reader);
  if (name == "rff") return rffOptions(reader);
  if (name == "wire") return wireOptions(reader);
  Place{env, "kind"}.reject(kind, "'kan', 'nerf', 'siren', 'finer', 'rff' or 'wire'");
}

}  // namespace fewsound::binding
