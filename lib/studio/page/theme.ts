import { effect, signal } from '@preact/signals';

const dark = matchMedia('(prefers-color-scheme: dark)');
const KEY = 'fewsound-theme';

/** What the person has chosen; undefined: as the system has it. */
const chosen = signal(localStorage.getItem(KEY) ?? undefined);
const system = signal(dark.matches);
dark.addEventListener('change', ({ matches }) => {
  system.value = matches;
});

export const isDark = () => (chosen.value === undefined ? system.value : chosen.value === 'dark');

export function switchTheme(): void {
  chosen.value = isDark() ? 'light' : 'dark';
  localStorage.setItem(KEY, chosen.value);
}

/** Gives the page its colors, now and after every change. */
export function keepTheme(): void {
  effect(() => {
    document.documentElement.dataset.theme = isDark() ? 'dark' : 'light';
  });
}
