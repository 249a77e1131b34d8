import { render } from 'preact';
import 'uplot/dist/uPlot.min.css';
import './style.css';
import { App } from './app.js';
import { listen } from './state.js';
import { keepTheme } from './theme.js';

keepTheme();
listen();
render(<App />, document.getElementById('studio') as HTMLElement);
