// The head of dist/types.d.ts (scripts/declarations.mjs): globals that the declarations name and
// that a project's `lib` and `types` may lack. Where the project has them they are the project's
// own.
declare global {
  // As TypeScript's lib.esnext.disposable and @types/node declare them; `using` looks for these
  // very symbols.
  interface SymbolConstructor {
    readonly dispose: unique symbol;
    readonly asyncDispose: unique symbol;
  }
}

type AbortSignal = typeof globalThis extends { AbortSignal: { prototype: infer Signal } }
  ? Signal
  : {
      readonly aborted: boolean;
      readonly reason: unknown;
      addEventListener(type: 'abort', listener: () => void): void;
      removeEventListener(type: 'abort', listener: () => void): void;
    };

type URL = typeof globalThis extends { URL: { prototype: infer Location } }
  ? Location
  : { readonly href: string; readonly protocol: string; readonly host: string };
