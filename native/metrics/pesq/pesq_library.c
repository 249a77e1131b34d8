/* The one function of the library that `fewsound setup pesq` makes on the user's machine: this file
 * is compiled there, together with the sources of the Python package `pesq` that pip fetched. It is
 * part of no binary of ours, and holds nothing of those sources but the names that it calls. */

/* Before the headers of the package, which define a macro named like a function of this one. */
#include <math.h>
#include <string.h>

#include "pesqio.h"
#include "pesqmain.h"

/* The PESQ of two signals, each scaled so that the louder one peaks at 1. Returns 0 and the score in
 * `score`, or the package's code of the error, which is negative. */
__attribute__((visibility("default"))) long fewsound_pesq(long sample_rate, int wide_band,
                                                          float* reference, float* degraded,
                                                          long samples, double* score) {
  SIGNAL_INFO infos[2];
  float* const signals[2] = {reference, degraded};
  const char* const names[2] = {"reference-signal", "degrade-signal"};
  ERROR_INFO found;
  long error = 0;
  char* text = "unknown";
  int i;

  memset(infos, 0, sizeof infos);
  memset(&found, 0, sizeof found);
  select_rate(sample_rate, &error, &text);
  if (error != 0) return -2;
  for (i = 0; i < 2; ++i) {
    strcpy(infos[i].path_name, names[i]);
    strcpy(infos[i].file_name, names[i]);
    infos[i].Nsamples = samples;
    infos[i].input_filter = wide_band ? 2 : 1;
    infos[i].data = signals[i];
  }
  found.mode = wide_band ? WB_MODE : NB_MODE;
  pesq_measure(&infos[0], &infos[1], &found, &error, &text);
  *score = found.mapped_mos;
  return error;
}
