// Without scripts everything is there: all panels, all tables, and nothing hidden but what needs a script.
unfold();
const findings = [];
all("article.chart").forEach((chart) => {
  all("figure .panel", chart).filter((panel) => !shown(panel)).forEach((panel) => findings.push("#" + chart.id + ": panel " + panel.dataset.title + " is not shown"));
  if (!all("details table tbody tr", chart).some(shown)) findings.push("#" + chart.id + ": no data is shown");
});
all("table").filter((table) => !shown(table)).forEach((table) => findings.push(named(table) + " is not shown"));
all("[hidden]").filter((element) => !element.matches("button,form.filter")).forEach((element) => findings.push(named(element) + " is hidden"));
return findings;
