const { activation: a } = navigation;
onload = () => {
  document.title = JSON.stringify([
    a?.navigationType,
    a?.from,
    a?.entry.index,
    navigation.entries().length,
    navigation.canGoBack,
    document.referrer,
    performance.getEntriesByType("navigation")[0].type,
  ]);
};
