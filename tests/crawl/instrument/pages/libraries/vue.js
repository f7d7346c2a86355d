Vue.createApp({
  data: () => ({ n: 1 }),
  template: '<p @click="n++">{{n}}</p>',
  mounted() {
    this.n = 5;
    this.$nextTick(() => (window.D = 1));
  },
}).mount("#out");
