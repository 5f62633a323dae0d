// Finding and making elements.

export const $ = (id) => document.getElementById(id);

/** An element with properties, dataset and children: `make("p", {className: "none"}, "Nothing yet")`. Text stays text. */
export function make(tag, { data = {}, ...properties } = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  Object.assign(element.dataset, data);
  element.append(...children);
  return element;
}
