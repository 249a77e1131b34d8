import { html, Markup } from '../../lib/report/page';

test('inserted text cannot become markup', () => {
  const name = `<img src=x onerror="alert(1)"> & 'more'`;
  expect(String(html`<p title="${name}">${name}</p>`)).toBe(
    '<p title="&lt;img src=x onerror=&quot;alert(1)&quot;&gt; &amp; &#39;more&#39;">' +
      '&lt;img src=x onerror=&quot;alert(1)&quot;&gt; &amp; &#39;more&#39;</p>',
  );
});

test('markup and lists of it are inserted as they are; undefined and false leave nothing', () => {
  const items = ['a', '<b>'].map((item) => html`<li>${item}</li>`);
  expect(String(html`<ul>${items}${undefined}${false}${new Markup('<hr>')}${0}</ul>`)).toBe(
    '<ul><li>a</li><li>&lt;b&gt;</li><hr>0</ul>',
  );
});
