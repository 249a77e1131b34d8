declare module 'node-gyp-build' {
  /** Loads the addon of a package. */
  function load(folder: string): unknown;
  namespace load {
    /** The path of the addon of a package; throws where there is none. */
    function path(folder: string): string;
  }
  export = load;
}
