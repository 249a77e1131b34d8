// CDPAM takes seconds a pair: where it is set up, only its own tests, which call it themselves, are
// to pay for it.
process.env.FEWSOUND_SKIP_METRICS ??= 'cdpam';
